-- Orders with more than one candidate line in the first pass, or with more than one row.
SELECT order_id
FROM first_pass
WHERE order_id IS NOT NULL
GROUP BY order_id
HAVING COUNT(*) > 1
