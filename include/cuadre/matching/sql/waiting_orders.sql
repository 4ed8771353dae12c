-- Expected orders without a line. Due: due_at, or without one the source's as-of time, lag_days (business days, where
-- there is a calendar) after the local day of payment; `paid_before` is the instant before which such an order is due.
SELECT
    o.order_id,
    CASE
        WHEN o.due_at <= ${as_of} OR (o.due_at IS NULL AND COALESCE(o.paid_at, o.created_at) < ${paid_before})
            THEN 'missing_in_settlement'
        ELSE 'pending'
    END AS outcome,
    COALESCE(
        CAST(o.due_at AT TIME ZONE ${zone} AS DATE),
        k.in_hand_on,
        CAST(COALESCE(o.paid_at, o.created_at) AT TIME ZONE ${zone} AS DATE) + ${lag_days}
    ) AS due_on,
    o.currency,
    o.amount
FROM rest_orders AS o
LEFT JOIN calendar AS k ON k.day = CAST(COALESCE(o.paid_at, o.created_at) AT TIME ZONE ${zone} AS DATE)
WHERE o.status IN (${taken})
    AND NOT o.cleared_before
    AND NOT o.cleared_today
    AND NOT EXISTS (SELECT 1 FROM considered AS p WHERE p.order_id = o.order_id)
    AND NOT EXISTS (SELECT 1 FROM explained AS e WHERE e.order_id = o.order_id)
    AND NOT EXISTS (SELECT 1 FROM contested_orders AS c WHERE c.order_id = o.order_id)
