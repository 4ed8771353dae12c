-- Orders paid today of which more was given back before than they are paid, or in another currency than they are in:
-- what was right of each return on its day is not right of all.
WITH summed AS (
    SELECT
        order_id,
        MIN(currency) AS currency,
        MAX(currency) AS last_currency,
        SUM(CASE WHEN line_type = 'CHARGEBACK_REVERSAL' THEN -ABS(gross) ELSE ABS(gross) END) AS together
    FROM earlier_returns
    WHERE order_id IS NOT NULL
    GROUP BY order_id
),

held AS (
    SELECT
        p.order_id,
        CASE WHEN p.currency = o.currency THEN LEAST(p.got, o.amount) ELSE o.amount END AS at_most,
        s.together,
        s.currency <> o.currency OR s.last_currency <> o.currency AS currency_differs
    FROM paid_orders AS p
    INNER JOIN rest_orders AS o ON o.order_id = p.order_id
    INNER JOIN summed AS s ON s.order_id = p.order_id
)

SELECT
    order_id,
    [REASON('EXCEEDS_ORIGINAL', 'gross', at_most, together, CAST(at_most - together AS DECIMAL(18, 6)))] AS reasons
FROM held
WHERE together > at_most OR currency_differs
