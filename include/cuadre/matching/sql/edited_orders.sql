-- Orders that an earlier day cleared and that have been edited since: no longer taken, or of another amount than was
-- cleared. What was cleared is the sum of the last day that cleared anything of the order, since an order may have been
-- paid in parts, or opened and cleared again. An order in another currency than was cleared is not compared: it may
-- have been exchanged.
WITH cleared_by_day AS (
    SELECT
        c.order_id,
        c.settlement_date,
        MIN(c.currency) AS currency,
        SUM(c.gross) AS cleared,
        ROW_NUMBER() OVER (PARTITION BY c.order_id ORDER BY c.settlement_date DESC) AS recency
    FROM earlier_claims AS c
    INNER JOIN claimed_orders AS o ON o.order_id = c.order_id AND o.perhaps_edited
    WHERE c.line_type = 'PAYMENT'
        AND c.gross IS NOT NULL
    GROUP BY c.order_id, c.settlement_date
)

SELECT
    o.order_id,
    o.currency,
    o.amount,
    CAST(c.cleared AS DECIMAL(18, 6)) AS cleared,
    o.status,
    c.currency = o.currency AND c.cleared <> o.amount AS amount_edited,
    o.status NOT IN (${taken}) AS status_edited
FROM cleared_by_day AS c
INNER JOIN rest_orders AS o ON o.order_id = c.order_id
WHERE c.recency = 1
    AND ((c.currency = o.currency AND c.cleared <> o.amount) OR o.status NOT IN (${taken}))
    AND NOT EXISTS (SELECT 1 FROM considered AS p WHERE p.order_id = o.order_id)
