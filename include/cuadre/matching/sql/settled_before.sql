-- Pairs whose order a line of an earlier day has cleared; a claim made by the same line is no claim.
SELECT
    p.line_key,
    p.order_id,
    MIN(c.settlement_date) AS cleared_on
FROM considered AS p
INNER JOIN rest_lines AS l ON l.line_key = p.line_key
INNER JOIN earlier_payments AS c ON c.order_id = p.order_id
WHERE c.archive_id IS NULL OR c.archive_id <> l.archive_id OR c.line_no <> l.line_no
GROUP BY p.line_key, p.order_id
