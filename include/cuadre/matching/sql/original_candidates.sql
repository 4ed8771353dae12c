-- For every return, the originals its reference may mean: an order that took money, the order a payment line was
-- paired with, today or on an earlier day, or a payment line alone.
WITH payment_orders AS (
    SELECT line_key, order_id FROM payments WHERE decision IN ('accepted', 'duplicate')
    UNION ALL
    SELECT line_key, order_id FROM grouped WHERE line_key IS NOT NULL AND order_id IS NOT NULL
)

SELECT r.line_key, r.attempt, o.order_id, NULL AS line_reference
FROM return_references AS r
INNER JOIN rest_orders AS o ON o.psp_reference = r.reference
WHERE o.status IN (${taken})
UNION
SELECT r.line_key, r.attempt, o.order_id, NULL AS line_reference
FROM return_references AS r
INNER JOIN rest_orders AS o ON o.order_id = r.reference
WHERE o.status IN (${taken})
UNION
SELECT r.line_key, r.attempt, p.order_id, CASE WHEN p.order_id IS NULL THEN r.reference END AS line_reference
FROM return_references AS r
INNER JOIN original_lines AS l ON l.psp_reference = r.reference
LEFT JOIN payment_orders AS p ON p.line_key = l.line_key
UNION
SELECT r.line_key, r.attempt, c.order_id, NULL AS line_reference
FROM return_references AS r
INNER JOIN claimed_references AS c ON c.reference = r.reference
