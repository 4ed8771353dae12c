-- The members of the sums that fit, with what comparing them said. `is_last` marks one member of each whole, which
-- stands for it.
SELECT
    s.line_key,
    s.order_id,
    s.fits,
    s.names,
    s.amount,
    s.gross - s.amount AS rest,
    CONCAT(LEFT(l.archive_id, 8), ':', CAST(l.line_no AS VARCHAR)) AS line_name,
    p.currency,
    p.expected,
    p.got,
    p.reasons,
    ROW_NUMBER() OVER (PARTITION BY s.${whole} ORDER BY s.${part} DESC) = 1 AS is_last
FROM ${sums} AS s
INNER JOIN ${compared} AS p ON p.line_key = s.line_key AND p.order_id = s.order_id
INNER JOIN ${lines} AS l ON l.line_key = s.line_key
