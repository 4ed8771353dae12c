-- Pairs of an open line and an open order of the same amount and currency, paid next to each other. `alone` says that
-- no other open line or order has the amount.
SELECT
    l.item_id AS line_item,
    o.item_id AS order_item,
    l.alone
FROM amount_neighbours AS l
INNER JOIN amount_neighbours AS o ON o.currency = l.currency AND o.amount = l.amount AND o.order_no = l.order_no
WHERE l.is_order = 0 AND o.is_order = 1
