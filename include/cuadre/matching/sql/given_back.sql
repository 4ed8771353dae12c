-- What lines of earlier days gave back: each line as it was judged last. One that is in play today, because it came up
-- again, is among today's.
SELECT *
FROM (
    SELECT
        c.order_id,
        c.archive_id,
        c.line_no,
        c.settlement_date,
        c.line_type,
        c.currency,
        c.gross,
        c.psp_reference,
        c.operation_reference,
        c.occurred_at AS moment,
        c.merchant_reference,
        c.original_reference,
        ROW_NUMBER() OVER (
            PARTITION BY c.archive_id, c.line_no ORDER BY c.settlement_date DESC, c.order_id
        ) AS recency
    FROM claims AS c
    WHERE c.line_type IN (${returns})
        AND c.settlement_date < ${settlement_date}
        AND NOT EXISTS (SELECT 1 FROM rest_lines AS l WHERE l.archive_id = c.archive_id AND l.line_no = c.line_no)
) AS judged
WHERE recency = 1
