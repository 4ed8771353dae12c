-- Payment lines that tell of an operation which a line of an earlier day was believed for, with the order that one
-- cleared: none where it paid several. The operation number says so, or where one of the two has none the moment.
SELECT
    l.line_key,
    c.order_id,
    MIN(c.settlement_date) AS cleared_on
FROM earlier_payments AS c
INNER JOIN lines AS l
    ON COALESCE(l.psp_reference, l.operation_reference) = COALESCE(c.psp_reference, c.operation_reference)
    AND l.psp_reference IS NOT DISTINCT FROM c.psp_reference
WHERE l.line_type = 'PAYMENT'
    AND (
        l.operation_reference = c.operation_reference
        OR ((l.operation_reference IS NULL OR c.operation_reference IS NULL) AND l.occurred_at = c.occurred_at)
    )
    AND (l.archive_id <> c.archive_id OR l.line_no <> c.line_no)
GROUP BY l.line_key, c.order_id
