-- Refunds, reversals, chargebacks and reversed chargebacks against their originals. What was given back counts
-- together for one original, in its own currency; a reversed chargeback takes it back again.
WITH linked AS (
    SELECT
        l.line_key,
        l.line_type,
        l.currency,
        l.gross,
        COALESCE(l.original_reference, l.psp_reference, l.merchant_reference) AS reference,
        CASE
            WHEN l.original_reference IS NOT NULL THEN 'original_reference'
            WHEN l.psp_reference IS NOT NULL THEN 'psp_reference'
            ELSE 'merchant_reference'
        END AS reference_field,
        f.line_key IS NOT NULL AS found,
        COALESCE(f.orders, 0) > 1 AS several_orders,
        f.order_id,
        f.order_ids,
        f.line_reference,
        f.status,
        f.amount AS paid,
        f.currency AS paid_currency
    FROM rest_lines AS l
    LEFT JOIN originals AS f ON f.line_key = l.line_key
    WHERE l.line_type IN (${returns})
),

summed AS (
    SELECT
        *,
        SUM(
            CASE
                WHEN currency <> paid_currency THEN 0
                WHEN line_type = 'CHARGEBACK_REVERSAL' THEN -ABS(gross)
                ELSE ABS(gross)
            END
        ) OVER (PARTITION BY found, several_orders, order_id, line_reference) AS given_back
    FROM linked
),

judged AS (
    SELECT
        *,
        found AND NOT several_orders AND currency <> paid_currency AS currency_differs,
        found AND NOT several_orders AND currency = paid_currency AND given_back > paid AS exceeds,
        found AND NOT several_orders AND currency = paid_currency AND given_back >= paid
            AND COALESCE(status, '') = 'PAID' AND line_type <> 'CHARGEBACK_REVERSAL' AS status_differs
    FROM summed
)

SELECT
    line_key,
    CASE WHEN NOT several_orders THEN order_id END AS order_id,
    currency,
    gross AS got,
    CASE WHEN exceeds THEN CAST(paid - given_back AS DECIMAL(18, 6)) END AS delta,
    CASE WHEN found AND NOT several_orders THEN 'original_reference' END AS pass,
    CASE
        WHEN NOT found THEN 'unlinked'
        WHEN several_orders THEN 'ambiguous'
        WHEN currency_differs THEN 'currency_mismatch'
        WHEN exceeds THEN 'amount_mismatch'
        WHEN status_differs THEN 'status_mismatch'
        ELSE 'matched'
    END AS outcome,
    LIST_FILTER(
        [
            CASE WHEN NOT found THEN REASON('ORIGINAL_NOT_FOUND', reference_field, NULL, reference, NULL) END,
            CASE WHEN several_orders THEN REASON('SEVERAL_ORDERS', reference_field, NULL, order_ids, NULL) END,
            CASE WHEN currency_differs THEN REASON('CURRENCY_DIFFERS', 'currency', paid_currency, currency, NULL) END,
            CASE
                WHEN exceeds
                    THEN REASON(
                        'EXCEEDS_ORIGINAL', 'gross', paid, CAST(given_back AS DECIMAL(18, 6)), paid - given_back
                    )
            END,
            CASE
                WHEN status_differs
                    THEN REASON(
                        'STATUS_DIFFERS', 'status',
                        CASE WHEN line_type = 'REFUND' THEN 'REFUNDED' ELSE 'REVERSED' END, status, NULL
                    )
            END
        ],
        lambda reason: reason IS NOT NULL
    ) AS reasons
FROM judged
