-- Orders that took money and that the passes by reference cannot close; `paid_no` is the number of the local day they
-- were paid on, in business days.
SELECT
    o.*,
    k.business_no AS paid_no
FROM open_orders AS o
LEFT JOIN calendar AS k ON k.day = CAST(COALESCE(o.paid_at, o.created_at) AT TIME ZONE ${zone} AS DATE)
WHERE o.status IN (${taken})
    AND NOT o.cleared_before
    AND NOT EXISTS (
        SELECT 1
        FROM referenced AS p
        WHERE p.order_id = o.order_id
            AND p.orders_of_line = 1 AND p.lines_of_order = 1 AND p.outcome <> 'amount_mismatch'
    )
