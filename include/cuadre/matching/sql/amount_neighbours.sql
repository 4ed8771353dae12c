-- For every open payment line, the numbers of the few orders of its amount and currency that were paid just before and
-- just after it: their places in one sorted row of both. So a day on which everything costs the same is no more work
-- than another. Money given back is no evidence by its amount alone, for it may be a part.
SELECT
    n.item_id,
    n.currency,
    n.amount,
    n.is_order,
    n.alone,
    n.orders_so_far + CASE WHEN n.is_order = 1 THEN 0 ELSE s.step END AS order_no
FROM (
    SELECT
        *,
        SUM(is_order) OVER (
            PARTITION BY currency, amount ORDER BY paid_at, is_order DESC, item_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS orders_so_far,
        COUNT(*) OVER (PARTITION BY currency, amount) = 2 AS alone
    FROM (
        SELECT item_id, currency, amount, paid_at, 0 AS is_order FROM suggestible_lines WHERE gross > 0
        UNION ALL
        SELECT item_id, currency, amount, paid_at, 1 AS is_order FROM suggestible_orders WHERE amount > 0
    ) AS both_sides
) AS n
CROSS JOIN (VALUES ${steps}) AS s (step)
WHERE n.is_order = 0 OR s.step = 0
