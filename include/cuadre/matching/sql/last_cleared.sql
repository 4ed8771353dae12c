-- Orders that lines of earlier days cleared, with their currency and amount when that was done last, and with what was
-- paid then, where that was less and in their currency.
SELECT
    order_id,
    currency,
    MIN(amount) AS amount,
    CAST(LEAST(MIN(amount), SUM(gross)) AS DECIMAL(18, 6)) AS paid
FROM (
    SELECT
        c.order_id,
        c.order_currency AS currency,
        c.order_amount AS amount,
        CASE WHEN c.currency = c.order_currency THEN c.gross END AS gross,
        RANK() OVER (PARTITION BY c.order_id ORDER BY c.settlement_date DESC, c.order_currency) AS recency
    FROM earlier_payments AS c
    INNER JOIN rest_orders AS o ON o.order_id = c.order_id
    WHERE c.order_currency IS NOT NULL AND c.order_amount IS NOT NULL
) AS cleared
WHERE recency = 1
GROUP BY order_id, currency
