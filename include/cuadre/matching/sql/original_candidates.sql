-- For every return, the originals its reference may mean: an order that took money, the order a payment line was
-- paired with, today or on an earlier day, or a payment line alone. `elsewhere` marks a payment of which no order knows
-- the reference, so that an order called alike is another original.
WITH payment_orders AS (
    SELECT line_key, order_id FROM payments WHERE decision IN ('accepted', 'duplicate')
    UNION ALL
    SELECT line_key, order_id FROM grouped WHERE line_key IS NOT NULL AND order_id IS NOT NULL
)

SELECT r.line_key, r.attempt, o.order_id, NULL AS line_reference, FALSE AS elsewhere
FROM return_references AS r
INNER JOIN rest_orders AS o ON o.psp_reference = r.reference
WHERE o.status IN (${taken})
UNION
SELECT r.line_key, r.attempt, o.order_id, NULL AS line_reference, FALSE AS elsewhere
FROM return_references AS r
INNER JOIN rest_orders AS o ON o.order_id = r.reference
WHERE o.status IN (${taken})
UNION
SELECT
    r.line_key, r.attempt, p.order_id, CASE WHEN p.order_id IS NULL THEN r.reference END AS line_reference,
    p.order_id IS NULL AND known.psp_reference IS NULL AS elsewhere
FROM return_references AS r
INNER JOIN original_lines AS l ON l.psp_reference = r.reference
LEFT JOIN payment_orders AS p ON p.line_key = l.line_key
LEFT JOIN (SELECT DISTINCT psp_reference FROM rest_orders) AS known ON known.psp_reference = r.reference
UNION
SELECT r.line_key, r.attempt, c.order_id, NULL AS line_reference, FALSE AS elsewhere
FROM return_references AS r
INNER JOIN claimed_references AS c ON c.reference = r.reference
