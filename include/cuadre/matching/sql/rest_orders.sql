-- Whole orders that later steps ask about: `claimed` by a line of an earlier day, or `cleared` by the first pass.
SELECT
    o.*,
    o.order_id IN (SELECT order_id FROM claimed_orders) AS claimed,
    o.order_id IN (SELECT order_id FROM cleared_orders) AS cleared
FROM found_orders AS o
