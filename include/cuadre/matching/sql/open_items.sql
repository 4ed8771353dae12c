-- What comes up again tomorrow: breaks and pending orders, with their whole line and order.
SELECT
    ${source} AS source,
    ${settlement_date} AS settlement_date,
    i.item_id,
    i.outcome,
    i.reasons,
    i.currency,
    i.expected,
    i.got,
    i.delta,
    i.first_seen,
    ${line_struct} AS line,
    ${order_struct} AS "order"
FROM items AS i
LEFT JOIN rest_lines AS l ON l.line_key = i.line_key
LEFT JOIN rest_orders AS o ON o.order_id = i.order_id
WHERE i.outcome IN (${open_outcomes})
ORDER BY i.item_id
