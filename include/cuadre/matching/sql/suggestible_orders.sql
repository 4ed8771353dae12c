-- Open orders without a line, due or not, the youngest first, and no more of them than can be looked at in seconds.
SELECT
    i.item_id,
    o.order_id,
    o.currency,
    o.amount,
    COALESCE(o.paid_at, o.created_at) AS paid_at,
    o.psp_reference
FROM items AS i
INNER JOIN rest_orders AS o ON o.order_id = i.order_id
WHERE i.line_key IS NULL AND i.outcome IN ('missing_in_settlement', 'pending', 'ambiguous')
ORDER BY i.first_seen DESC, i.item_id
LIMIT ${most}
