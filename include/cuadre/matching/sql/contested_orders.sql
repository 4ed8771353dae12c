-- Expected orders that a line might mean but none was chosen for: each gets a row of its own.
-- The other order of a conflict gets none when a line of its own was accepted for it.
WITH contested AS (
    SELECT p.order_id, k.reasons
    FROM considered AS p
    INNER JOIN payments AS k ON k.line_key = p.line_key AND k.decision = 'ambiguous'
    UNION ALL
    SELECT order_id, reasons
    FROM payments
    WHERE decision = 'conflict'
    UNION ALL
    SELECT k.conflicts_with AS order_id, k.reasons
    FROM payments AS k
    WHERE k.decision = 'conflict'
        AND NOT EXISTS (
            SELECT 1 FROM payments AS a WHERE a.decision = 'accepted' AND a.order_id = k.conflicts_with
        )
)

SELECT
    c.order_id,
    MIN(c.reasons) AS reasons
FROM contested AS c
INNER JOIN rest_orders AS o ON o.order_id = c.order_id
WHERE o.status IN (${taken}) AND NOT o.cleared_before AND NOT o.cleared_today
    AND NOT EXISTS (SELECT 1 FROM explained AS e WHERE e.order_id = c.order_id)
GROUP BY c.order_id
