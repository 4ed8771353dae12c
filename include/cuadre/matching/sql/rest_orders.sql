-- The orders of `found_orders`, each marked: `cleared_before` by a line of an earlier day, or `cleared_today` by the
-- first pass.
SELECT
    o.*,
    o.order_id IN (SELECT order_id FROM claimed_orders) AS cleared_before,
    o.order_id IN (SELECT order_id FROM cleared_orders) AS cleared_today
FROM found_orders AS o
