-- Every pair of a line and an order that needs a decision, compared, with the size of its neighbourhood. A pass by
-- reference joins on equality of one key, so its candidate graph falls into complete groups (all lines with a key, all
-- orders with it): whoever shares a neighbour shares all of them, and the counts are those of the connected component.
-- Money in and money out never agree, nor does something with nothing, however large the tolerance.
-- A line that was exchanged from the order's currency is compared by what was paid in that one; what its gross differs
-- from that at its rate, as far as the source believes it, rounded half up to cents, is told apart, and `expected` is
-- the order's amount at that rate. What comes to more than money can say was not exchanged, nor was what is of
-- currencies no rate is declared for.
WITH pairs AS (
    ${pairs}
),

compared AS (
    SELECT
        p.line_key,
        p.order_id,
        p.pass,
        COUNT(*) OVER (PARTITION BY p.line_key) AS orders_of_line,
        COUNT(*) OVER (PARTITION BY p.order_id) AS lines_of_order,
        l.currency,
        o.currency AS order_currency,
        o.amount,
        l.gross,
        ${believed_rate} AS exchange_rate,
        COALESCE(
            l.currency <> o.currency
            AND l.exchanged_from = o.currency
            AND CAST(GREATEST(ABS(l.presentment_amount), ABS(o.amount)) AS DECIMAL(20, 6)) * ${believed_rate}
            < 999999999999,
            FALSE
        ) AS exchanged,
        CASE WHEN l.currency <> o.currency THEN l.presentment_amount ELSE l.gross END AS paid,
        FILLED(l.channel) AS channel,
        FILLED(o.channel) AS order_channel,
        l.fee,
        ${contract_fee} AS contract_fee,
        l.tax,
        ${contract_tax} AS contract_tax,
        o.status,
        CAST(o.due_at AT TIME ZONE ${zone} AS DATE) AS due_on,
        COALESCE(k.in_hand_on, l.settlement_date + ${lag_days}) AS in_hand_on,
        l.psp_reference,
        o.psp_reference AS order_psp_reference,
        l.merchant_reference,
        ${tolerance} AS tolerance
    FROM pairs AS p
    INNER JOIN rest_lines AS l ON l.line_key = p.line_key
    INNER JOIN rest_orders AS o ON o.order_id = p.order_id
    LEFT JOIN calendar AS k ON k.day = l.settlement_date
),

judged AS (
    SELECT
        *,
        paid - amount AS delta,
        currency <> order_currency AND NOT exchanged AS currency_differs,
        (currency = order_currency OR exchanged) AND paid <> amount AS amount_differs,
        (currency = order_currency OR exchanged)
        AND (ABS(paid - amount) > tolerance OR SIGN(paid) <> SIGN(amount)) AS beyond_tolerance,
        CASE WHEN exchanged THEN 'presentment_amount' ELSE 'gross' END AS paid_field,
        CASE
            WHEN exchanged THEN CAST(ROUND(CAST(paid AS DECIMAL(20, 6)) * exchange_rate, 2) AS DECIMAL(18, 6))
        END AS converted,
        CASE
            WHEN exchanged THEN CAST(ROUND(CAST(amount AS DECIMAL(20, 6)) * exchange_rate, 2) AS DECIMAL(18, 6))
            ELSE amount
        END AS expected
    FROM compared
),

reasoned AS (
    SELECT
        *,
        beyond_tolerance OR COALESCE(ABS(gross - converted) > ${believed_difference}, FALSE) AS beyond_belief,
        LIST_FILTER(
            [
                CASE
                    WHEN currency_differs THEN REASON('CURRENCY_DIFFERS', 'currency', order_currency, currency, NULL)
                END,
                CASE WHEN beyond_tolerance THEN REASON('AMOUNT_DIFFERS', paid_field, amount, paid, delta) END,
                CASE
                    WHEN amount_differs AND NOT beyond_tolerance
                        THEN REASON('AMOUNT_WITHIN_TOLERANCE', paid_field, amount, paid, delta)
                END,
                CASE
                    WHEN gross <> converted THEN REASON('FX_DIFFERENCE', 'gross', converted, gross, gross - converted)
                END,
                CASE WHEN status NOT IN (${taken}) THEN REASON('STATUS_DIFFERS', 'status', 'PAID', status, NULL) END,
                CASE
                    WHEN fee <> contract_fee THEN REASON('FEE_DIFFERS', 'fee', contract_fee, fee, fee - contract_fee)
                END,
                CASE
                    WHEN tax <> contract_tax THEN REASON('TAX_DIFFERS', 'tax', contract_tax, tax, tax - contract_tax)
                END,
                CASE
                    WHEN channel <> order_channel
                        THEN REASON('CHANNEL_DIFFERS', 'channel', order_channel, channel, NULL)
                END,
                CASE
                    WHEN due_on < in_hand_on THEN REASON('SETTLED_LATE', 'settlement_date', due_on, in_hand_on, NULL)
                END,
                CASE
                    WHEN psp_reference <> order_psp_reference
                        THEN REASON('REFERENCE_DIFFERS', 'psp_reference', order_psp_reference, psp_reference, NULL)
                END,
                CASE
                    WHEN merchant_reference <> order_id
                        THEN REASON('REFERENCE_DIFFERS', 'merchant_reference', order_id, merchant_reference, NULL)
                END
            ],
            lambda reason: reason IS NOT NULL
        ) AS reasons
    FROM judged
)

SELECT
    line_key,
    order_id,
    pass,
    orders_of_line,
    lines_of_order,
    currency,
    expected,
    gross AS got,
    CASE
        WHEN currency_differs THEN 'currency_mismatch'
        WHEN beyond_belief THEN 'amount_mismatch'
        WHEN status NOT IN (${taken}) THEN 'status_mismatch'
        WHEN ARRAY_LENGTH(reasons) > 0 THEN 'matched_with_variance'
        ELSE 'matched'
    END AS outcome,
    reasons
FROM reasoned
