-- What outcomes of earlier days use up: orders that were cleared, as they were then, and money that was given back. An
-- order that was paid together with others has no line of its own, and its share for gross.
SELECT
    order_id,
    archive_id,
    line_no,
    settlement_date,
    COALESCE(line_type, 'PAYMENT') AS line_type,
    currency,
    COALESCE(got, expected + delta) AS gross,
    CASE WHEN order_id IS NOT NULL THEN COALESCE(order_currency, currency) END AS order_currency,
    CASE WHEN order_id IS NOT NULL THEN COALESCE(order_amount, expected) END AS order_amount,
    psp_reference,
    operation_reference,
    occurred_at,
    merchant_reference,
    original_reference
FROM earlier_outcomes
WHERE ${clears}
    OR (line_type IN (${returns}) AND (order_id IS NOT NULL OR pass = 'original_reference'))
