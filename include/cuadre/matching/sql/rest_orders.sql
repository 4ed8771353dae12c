-- Whole orders that later steps ask about; `claimed` says that a line of another day cleared the order.
SELECT
    o.*,
    o.order_id IN (SELECT order_id FROM claimed_orders) AS claimed
FROM orders AS o
WHERE o.order_id IN (SELECT order_id FROM needed_orders)
    OR o.psp_reference IN (SELECT reference FROM return_references)
