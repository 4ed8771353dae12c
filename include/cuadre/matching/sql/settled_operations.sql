-- Payment lines that tell of an operation which a line of an earlier day was believed for, with the order that one
-- cleared: none where it paid several. The operation number says so, or without one the moment.
SELECT
    l.line_key,
    c.order_id,
    MIN(c.settlement_date) AS cleared_on
FROM earlier_payments AS c
INNER JOIN lines AS l
    ON COALESCE(l.psp_reference, l.operation_reference) = COALESCE(c.psp_reference, c.operation_reference)
    AND l.psp_reference IS NOT DISTINCT FROM c.psp_reference
    AND l.operation_reference IS NOT DISTINCT FROM c.operation_reference
WHERE l.line_type = 'PAYMENT'
    AND (l.operation_reference IS NOT NULL OR l.occurred_at = c.moment)
    AND (l.archive_id <> c.archive_id OR l.line_no <> c.line_no)
GROUP BY l.line_key, c.order_id
