-- Orders that lines of earlier days cleared, with their currency and amount when that was done last.
SELECT
    order_id,
    currency,
    amount
FROM (
    SELECT
        c.order_id,
        c.order_currency AS currency,
        c.order_amount AS amount,
        ROW_NUMBER() OVER (
            PARTITION BY c.order_id ORDER BY c.settlement_date DESC, c.order_currency, c.order_amount
        ) AS recency
    FROM earlier_payments AS c
    INNER JOIN rest_orders AS o ON o.order_id = c.order_id
    WHERE c.order_currency IS NOT NULL AND c.order_amount IS NOT NULL
) AS cleared
WHERE recency = 1
