-- The one original of every return that has one; `orders` above 1 means that several fit equally well, or that the
-- return's merchant_reference names another order than it was found by. An order that only an earlier day knows, since
-- the snapshot has it no more, is none: nobody can say what was paid. So are payments without an order that share a
-- reference and are in several currencies. Where an order was not paid what it asks for, today or because it was edited
-- after a day that cleared it, the payment bounds what may be given back, too: `amount` is the least of them, and
-- `paid_in` the currency of the payment.
WITH found AS (
    SELECT
        line_key,
        attempt,
        COUNT(DISTINCT order_id) + CASE WHEN COUNT(order_id) > 0 AND COUNT(*) FILTER (elsewhere) > 0 THEN 1 ELSE 0 END
            AS orders,
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
    HAVING MIN(currency) = MAX(currency)
)

SELECT
    f.line_key,
    CASE WHEN other.order_id IS NULL THEN f.orders ELSE 2 END AS orders,
    f.order_id,
    CASE
        WHEN other.order_id IS NULL THEN f.order_ids
        ELSE CONCAT(LEAST(f.order_id, other.order_id), ', ', GREATEST(f.order_id, other.order_id))
    END AS order_ids,
    f.line_reference,
    o.status,
    LEAST(
        COALESCE(o.amount, p.amount),
        CASE WHEN w.currency = o.currency THEN w.got END,
        CASE WHEN b.currency = o.currency THEN b.paid END
    ) AS amount,
    COALESCE(o.currency, p.currency) AS currency,
    CASE
        WHEN w.outcome IN ('currency_mismatch', 'amount_mismatch') THEN w.currency
        WHEN b.currency <> o.currency THEN b.currency
        ELSE COALESCE(o.currency, p.currency)
    END AS paid_in
FROM found AS f
LEFT JOIN rest_orders AS o ON o.order_id = f.order_id
LEFT JOIN paid AS p ON p.psp_reference = f.line_reference
LEFT JOIN paid_orders AS w ON w.order_id = f.order_id
LEFT JOIN last_cleared AS b ON b.order_id = f.order_id
LEFT JOIN rest_lines AS l ON l.line_key = f.line_key
LEFT JOIN rest_orders AS other
    ON f.orders = 1 AND other.order_id = l.merchant_reference AND other.order_id <> f.order_id
WHERE f.choice = 1
    AND (f.orders <> 1 OR o.order_id IS NOT NULL)
    AND (f.orders <> 0 OR p.psp_reference IS NOT NULL)
