-- Orders the passes may still pair.
SELECT *
FROM rest_orders
WHERE NOT cleared_today
