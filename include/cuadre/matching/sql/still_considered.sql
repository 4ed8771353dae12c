-- What the passes by reference found, without the lines a further pass explained, and the pairs such a pass closed. An
-- order that it explained is used up: another line that points at it is one line too many.
SELECT
    p.line_key,
    p.order_id,
    p.pass,
    p.orders_of_line,
    CASE WHEN e.order_id IS NULL THEN p.lines_of_order ELSE GREATEST(p.lines_of_order, 2) END AS lines_of_order,
    p.currency,
    p.expected,
    p.got,
    p.outcome,
    p.reasons
FROM referenced AS p
LEFT JOIN (SELECT DISTINCT order_id FROM explained) AS e ON e.order_id = p.order_id
WHERE NOT EXISTS (SELECT 1 FROM explained AS x WHERE x.line_key = p.line_key)
${pairs}
