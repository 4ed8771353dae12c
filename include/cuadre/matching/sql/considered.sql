-- Every pair of a line and an order that needs a decision, compared, with the size of its neighbourhood. A pass by
-- reference joins on equality of one key, so its candidate graph falls into complete groups (all lines with a key, all
-- orders with it): whoever shares a neighbour shares all of them, and the counts are those of the connected component.
WITH pairs AS (
    ${pairs}
),

compared AS (
    SELECT
        p.line_key,
        p.order_id,
        p.pass,
        COUNT(*) OVER (PARTITION BY p.pass_no, p.line_key) AS orders_of_line,
        COUNT(*) OVER (PARTITION BY p.pass_no, p.order_id) AS lines_of_order,
        l.currency,
        o.currency AS order_currency,
        o.amount,
        l.gross,
        l.gross - o.amount AS delta,
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
        l.currency <> o.currency AS currency_differs,
        l.currency = o.currency AND l.gross <> o.amount AS amount_differs,
        l.currency = o.currency AND ABS(l.gross - o.amount) > ${tolerance} AS beyond_tolerance
    FROM pairs AS p
    INNER JOIN rest_lines AS l ON l.line_key = p.line_key
    INNER JOIN rest_orders AS o ON o.order_id = p.order_id
    LEFT JOIN calendar AS k ON k.day = l.settlement_date
),

reasoned AS (
    SELECT
        *,
        LIST_FILTER(
            [
                CASE WHEN currency_differs THEN REASON('CURRENCY_DIFFERS', 'currency', order_currency, currency, NULL) END,
                CASE WHEN beyond_tolerance THEN REASON('AMOUNT_DIFFERS', 'gross', amount, gross, delta) END,
                CASE
                    WHEN amount_differs AND NOT beyond_tolerance
                        THEN REASON('AMOUNT_WITHIN_TOLERANCE', 'gross', amount, gross, delta)
                END,
                CASE WHEN status NOT IN (${taken}) THEN REASON('STATUS_DIFFERS', 'status', 'PAID', status, NULL) END,
                CASE WHEN fee <> contract_fee THEN REASON('FEE_DIFFERS', 'fee', contract_fee, fee, fee - contract_fee) END,
                CASE WHEN tax <> contract_tax THEN REASON('TAX_DIFFERS', 'tax', contract_tax, tax, tax - contract_tax) END,
                CASE WHEN due_on < in_hand_on THEN REASON('SETTLED_LATE', 'settlement_date', due_on, in_hand_on, NULL) END,
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
    FROM compared
)

SELECT
    line_key,
    order_id,
    pass,
    orders_of_line,
    lines_of_order,
    currency,
    amount AS expected,
    gross AS got,
    CASE
        WHEN currency_differs THEN 'currency_mismatch'
        WHEN beyond_tolerance THEN 'amount_mismatch'
        WHEN status NOT IN (${taken}) THEN 'status_mismatch'
        WHEN ARRAY_LENGTH(reasons) > 0 THEN 'matched_with_variance'
        ELSE 'matched'
    END AS outcome,
    reasons
FROM reasoned
