-- The compared pairs of a further pass, and whether other references contradict them. A line that names an order, or
-- that a pass by reference found orders for, has to have one of these among its candidates here; an order likewise.
-- `copied` marks lines beside which another one tells of the same part of the same operation.
SELECT
    p.*,
    l.archive_id,
    l.line_no,
    t.lines_of_part > 1 AS copied,
    (
        l.named_order IS NOT NULL
        AND MAX(CASE WHEN p.order_id = l.named_order THEN 1 ELSE 0 END) OVER (PARTITION BY p.line_key) = 0
    ) OR (
        found_line.line_key IS NOT NULL
        AND MAX(CASE WHEN r.line_key IS NULL THEN 0 ELSE 1 END) OVER (PARTITION BY p.line_key) = 0
    ) OR (
        found_order.order_id IS NOT NULL
        AND MAX(CASE WHEN r.line_key IS NULL THEN 0 ELSE 1 END) OVER (PARTITION BY p.order_id) = 0
    ) AS contradicted
FROM ${compared} AS p
INNER JOIN ${lines} AS l ON l.line_key = p.line_key
LEFT JOIN operations AS t ON t.line_key = p.line_key
LEFT JOIN referenced AS r ON r.line_key = p.line_key AND r.order_id = p.order_id
LEFT JOIN (SELECT DISTINCT line_key FROM referenced) AS found_line ON found_line.line_key = p.line_key
LEFT JOIN (SELECT DISTINCT order_id FROM referenced) AS found_order ON found_order.order_id = p.order_id
