-- Orders no earlier pass has found a line for.
SELECT o.*
FROM ${orders} AS o
WHERE NOT EXISTS (SELECT 1 FROM ${candidates} AS p WHERE p.order_id = o.order_id)
