-- One pass: every payment line beside every order that the pass's condition finds for it, compared; lines and orders
-- that found nobody stand alone.
-- Run once for each pass, over what the earlier passes left.
WITH compared AS (
    SELECT
        l.line_key,
        o.order_id,
        COALESCE(l.currency, o.currency) AS currency,
        o.amount,
        l.gross,
        l.fee,
        l.tax,
        ${contract_fee} AS contract_fee,
        ${contract_tax} AS contract_tax,
        ${tolerance} AS tolerance,
        l.currency AS line_currency,
        o.currency AS order_currency,
        o.status,
        o.due_at,
        l.settlement_date,
        l.psp_reference AS line_psp_reference,
        o.psp_reference AS order_psp_reference,
        l.merchant_reference,
        COALESCE(l.currency <> o.currency, FALSE) AS currency_differs,
        COALESCE(l.currency = o.currency AND l.gross <> o.amount, FALSE) AS amount_differs,
        COALESCE(o.status NOT IN (${taken}), FALSE) AS status_differs,
        COALESCE(
            CAST(o.due_at AT TIME ZONE ${zone} AS DATE) < l.settlement_date + ${lag_days}, FALSE
        ) AS settled_late,
        COALESCE(l.psp_reference <> o.psp_reference, FALSE) AS psp_reference_differs,
        COALESCE(l.merchant_reference <> o.order_id, FALSE) AS merchant_reference_differs
    FROM (SELECT * FROM ${lines} WHERE line_type = 'PAYMENT') AS l
    FULL OUTER JOIN ${orders} AS o ON ${condition}
),

judged AS (
    SELECT
        *,
        amount_differs AND ABS(gross - amount) > tolerance AS beyond_tolerance,
        COALESCE(order_id IS NOT NULL AND fee <> contract_fee, FALSE) AS fee_differs,
        COALESCE(order_id IS NOT NULL AND tax <> contract_tax, FALSE) AS tax_differs
    FROM compared
)

SELECT
    line_key,
    order_id,
    currency,
    amount AS expected,
    gross AS got,
    CASE
        WHEN line_key IS NULL OR order_id IS NULL THEN NULL
        WHEN currency_differs THEN 'currency_mismatch'
        WHEN beyond_tolerance THEN 'amount_mismatch'
        WHEN status_differs THEN 'status_mismatch'
        WHEN amount_differs OR fee_differs OR tax_differs OR settled_late
            OR psp_reference_differs OR merchant_reference_differs THEN 'matched_with_variance'
        ELSE 'matched'
    END AS outcome,
    CASE
        WHEN currency_differs OR amount_differs OR status_differs OR fee_differs OR tax_differs
            OR settled_late OR psp_reference_differs OR merchant_reference_differs
            THEN LIST_FILTER(
                [
                    CASE WHEN currency_differs THEN REASON('CURRENCY_DIFFERS', 'currency', order_currency, line_currency, NULL) END,
                    CASE WHEN beyond_tolerance THEN REASON('AMOUNT_DIFFERS', 'gross', amount, gross, gross - amount) END,
                    CASE
                        WHEN amount_differs AND NOT beyond_tolerance
                            THEN REASON('AMOUNT_WITHIN_TOLERANCE', 'gross', amount, gross, gross - amount)
                    END,
                    CASE WHEN status_differs THEN REASON('STATUS_DIFFERS', 'status', 'PAID', status, NULL) END,
                    CASE WHEN fee_differs THEN REASON('FEE_DIFFERS', 'fee', contract_fee, fee, fee - contract_fee) END,
                    CASE WHEN tax_differs THEN REASON('TAX_DIFFERS', 'tax', contract_tax, tax, tax - contract_tax) END,
                    CASE
                        WHEN settled_late
                            THEN REASON(
                                'SETTLED_LATE', 'settlement_date',
                                CAST(due_at AT TIME ZONE ${zone} AS DATE), settlement_date + ${lag_days}, NULL
                            )
                    END,
                    CASE WHEN psp_reference_differs THEN REASON('REFERENCE_DIFFERS', 'psp_reference', order_psp_reference, line_psp_reference, NULL) END,
                    CASE WHEN merchant_reference_differs THEN REASON('REFERENCE_DIFFERS', 'merchant_reference', order_id, merchant_reference, NULL) END
                ],
                lambda reason: reason IS NOT NULL
            )
        ELSE NO_REASONS()
    END AS reasons
FROM judged
