-- Orders that lines of today pay, each with what it is paid: by one line, in parts, or together with others.
SELECT
    order_id,
    currency,
    outcome,
    got
FROM payments
WHERE decision = 'accepted'
UNION ALL
SELECT
    order_id,
    MIN(currency) AS currency,
    MIN(outcome) AS outcome,
    CAST(SUM(expected + delta) AS DECIMAL(18, 6)) AS got
FROM grouped
WHERE order_id IS NOT NULL AND outcome IN (${cleared_outcomes})
GROUP BY order_id
