-- Those of them that are cleared already.
SELECT c.order_id
FROM cleared AS c
INNER JOIN found_orders AS o ON o.order_id = c.order_id
