-- The one original of every return that has one; `orders` above 1 means that several fit equally well. An order that
-- only an earlier day knows, since the snapshot has it no more, is none: nobody can say what was paid.
WITH found AS (
    SELECT
        line_key,
        attempt,
        COUNT(DISTINCT order_id) AS orders,
        MIN(order_id) AS order_id,
        STRING_AGG(order_id, ', ' ORDER BY order_id) AS order_ids,
        CASE WHEN COUNT(order_id) = 0 THEN MIN(line_reference) END AS line_reference,
        ROW_NUMBER() OVER (PARTITION BY line_key ORDER BY attempt) AS choice
    FROM original_candidates
    GROUP BY line_key, attempt
),

paid AS (
    SELECT
        psp_reference,
        MIN(currency) AS currency,
        MAX(gross) AS amount
    FROM original_lines
    GROUP BY psp_reference
)

SELECT
    f.line_key,
    f.orders,
    f.order_id,
    f.order_ids,
    f.line_reference,
    o.status,
    COALESCE(o.amount, p.amount) AS amount,
    COALESCE(o.currency, p.currency) AS currency
FROM found AS f
LEFT JOIN rest_orders AS o ON o.order_id = f.order_id
LEFT JOIN paid AS p ON p.psp_reference = f.line_reference
WHERE f.choice = 1 AND (f.orders <> 1 OR o.order_id IS NOT NULL)
