-- Orders that an earlier day cleared and that have been edited since: no longer taken, or of another currency or amount
-- than was cleared.
SELECT
    o.order_id,
    o.currency,
    o.amount,
    o.status,
    c.currency AS cleared_currency,
    c.amount AS cleared,
    c.currency <> o.currency AS currency_edited,
    c.currency = o.currency AND c.amount <> o.amount AS amount_edited,
    o.status NOT IN (${taken}) AS status_edited
FROM last_cleared AS c
INNER JOIN rest_orders AS o ON o.order_id = c.order_id
WHERE (c.currency <> o.currency OR c.amount <> o.amount OR o.status NOT IN (${taken}))
    AND NOT EXISTS (SELECT 1 FROM payments AS p WHERE p.order_id = o.order_id AND p.decision = 'accepted')
    AND NOT EXISTS (SELECT 1 FROM grouped AS g WHERE g.order_id = o.order_id)
