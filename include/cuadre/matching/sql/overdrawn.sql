-- Payments of which more was given back before they came than they bring, or in another currency than their order is in:
-- what was right of each return on its day is not right of all.
WITH given AS (
    SELECT order_id, line_type, currency, gross
    FROM given_back
    WHERE order_id IS NOT NULL
    UNION ALL
    SELECT o.order_id, l.line_type, l.currency, l.gross
    FROM lone_returns AS l
    INNER JOIN originals AS o ON o.line_key = l.line_key AND o.orders = 1
),

summed AS (
    SELECT
        order_id,
        MIN(currency) AS currency,
        MAX(currency) AS last_currency,
        SUM(CASE WHEN line_type = 'CHARGEBACK_REVERSAL' THEN -ABS(gross) ELSE ABS(gross) END) AS together
    FROM given
    GROUP BY order_id
)

SELECT
    p.line_key,
    CAST(CASE WHEN p.currency = o.currency THEN LEAST(p.got, o.amount) ELSE o.amount END AS DECIMAL(18, 6)) AS at_most,
    CAST(s.together AS DECIMAL(18, 6)) AS together
FROM payments AS p
INNER JOIN rest_orders AS o ON o.order_id = p.order_id
INNER JOIN summed AS s ON s.order_id = p.order_id
WHERE p.decision = 'accepted'
    AND (
        s.together > CASE WHEN p.currency = o.currency THEN LEAST(p.got, o.amount) ELSE o.amount END
        OR s.currency <> o.currency
        OR s.last_currency <> o.currency
    )
