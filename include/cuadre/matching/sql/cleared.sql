-- Pairs the first pass closed for good.
SELECT
    p.line_key,
    p.order_id,
    p.currency,
    p.amount,
    p.psp_reference,
    p.operation_reference,
    p.occurred_at
FROM first_pass AS p
WHERE p.clean
    AND NOT EXISTS (SELECT 1 FROM second_look AS s WHERE s.line_key = p.line_key)
