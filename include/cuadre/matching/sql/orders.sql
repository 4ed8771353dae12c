-- The orders in play: the snapshot, and those only the open items still know, or know better. Blank references are
-- NULL.
SELECT
    o.order_id,
    FILLED(o.psp_reference) AS psp_reference,
    o.currency,
    o.amount,
    o.status,
    o.created_at,
    o.paid_at,
    o.due_at,
    o.updated_at,
    o.merchant,
    o.channel
FROM (
    SELECT *
    FROM snapshot_orders AS s
    WHERE NOT EXISTS (SELECT 1 FROM carried_orders AS c WHERE c.order_id = s.order_id)
    UNION ALL
    SELECT * FROM carried_orders
) AS o
