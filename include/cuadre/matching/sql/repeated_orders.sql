-- Orders with more than one candidate line in this pass.
SELECT order_id
FROM ${candidates}
WHERE order_id IS NOT NULL
GROUP BY order_id
HAVING COUNT(*) > 1
