-- Orders of open items come up again, unless the snapshot holds a row of the order that is as new or newer.
WITH last_seen AS (
    SELECT
        ${open_order_fields},
        ROW_NUMBER() OVER (
            PARTITION BY o."order".order_id
            ORDER BY o."order".updated_at DESC, o.settlement_date DESC, o.item_id
        ) AS recency
    FROM open_items AS o
    WHERE o."order" IS NOT NULL
)
SELECT
    l.order_id, l.psp_reference, l.currency, l.amount, l.status,
    l.created_at, l.paid_at, l.due_at, l.updated_at, l.merchant, l.channel
FROM last_seen AS l
WHERE l.recency = 1
    AND NOT EXISTS (
        SELECT 1
        FROM snapshot_orders AS s
        WHERE s.order_id = l.order_id AND s.updated_at >= l.updated_at
    )
