-- The lines in play: today's and the carried ones. Blank references are NULL, and NULL never matches. Whatever starts
-- above the space is not blank: that is cheap to see, so only the others are trimmed to find out.
-- line_key stands for (archive_id, line_no) and sorts like it.
SELECT
    a.archive_no * 1099511627776 + l.line_no AS line_key,
    l.source,
    l.archive_id,
    l.line_no,
    l.settlement_date,
    l.batch_id,
    l.line_type,
    CASE WHEN l.psp_reference >= '!' THEN l.psp_reference WHEN TRIM(l.psp_reference) <> '' THEN l.psp_reference END AS psp_reference,
    CASE WHEN l.operation_reference >= '!' THEN l.operation_reference WHEN TRIM(l.operation_reference) <> '' THEN l.operation_reference END AS operation_reference,
    CASE WHEN l.merchant_reference >= '!' THEN l.merchant_reference WHEN TRIM(l.merchant_reference) <> '' THEN l.merchant_reference END AS merchant_reference,
    CASE WHEN l.original_reference >= '!' THEN l.original_reference WHEN TRIM(l.original_reference) <> '' THEN l.original_reference END AS original_reference,
    l.currency,
    l.gross,
    l.fee,
    l.tax,
    l.net,
    l.occurred_at,
    l.channel
FROM (
    SELECT * FROM todays_lines
    UNION ALL
    SELECT * FROM carried_lines
) AS l
INNER JOIN archives AS a ON a.archive_id = l.archive_id
