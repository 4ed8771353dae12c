-- Payment lines that tell of an operation which a line of an earlier day was believed for, with the order that one
-- cleared: none where it paid several. The payment's reference and the operation number say so; where one of the two
-- lines has no number the moment instead of it, and where one has no reference the number, the moment and the amount.
SELECT
    line_key,
    order_id,
    MIN(settlement_date) AS cleared_on
FROM (
    SELECT l.line_key, l.archive_id, l.line_no, c.order_id, c.archive_id AS other, c.line_no AS other_no, c.settlement_date
    FROM earlier_payments AS c
    INNER JOIN lines AS l
        ON COALESCE(l.psp_reference, l.operation_reference) = COALESCE(c.psp_reference, c.operation_reference)
        AND l.psp_reference IS NOT DISTINCT FROM c.psp_reference
    WHERE l.line_type = 'PAYMENT'
        AND (
            l.operation_reference = c.operation_reference
            OR ((l.operation_reference IS NULL OR c.operation_reference IS NULL) AND l.occurred_at = c.occurred_at)
        )
    UNION ALL
    SELECT l.line_key, l.archive_id, l.line_no, c.order_id, c.archive_id AS other, c.line_no AS other_no, c.settlement_date
    FROM earlier_payments AS c
    INNER JOIN lines AS l USING (operation_reference, occurred_at, currency, gross)
    WHERE l.line_type = 'PAYMENT' AND l.psp_reference IS NULL AND c.psp_reference IS NOT NULL
    UNION ALL
    SELECT l.line_key, l.archive_id, l.line_no, c.order_id, c.archive_id AS other, c.line_no AS other_no, c.settlement_date
    FROM earlier_payments AS c
    INNER JOIN lines AS l USING (operation_reference, occurred_at, currency, gross)
    WHERE l.line_type = 'PAYMENT' AND l.psp_reference IS NOT NULL AND c.psp_reference IS NULL
) AS same
WHERE archive_id <> other OR line_no <> other_no
GROUP BY line_key, order_id
