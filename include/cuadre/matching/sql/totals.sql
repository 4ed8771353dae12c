-- Rows and money by outcome and currency.
SELECT
    outcome,
    currency,
    CAST(SUM(row_count) AS BIGINT) AS row_count,
    SUM(money) AS money,
    SUM(at_risk) AS at_risk
FROM (
    SELECT outcome, currency, COUNT(*) AS row_count, SUM(${money}) AS money, SUM(${at_risk}) AS at_risk
    FROM items
    GROUP BY outcome, currency
    UNION ALL
    SELECT 'matched' AS outcome, currency, COUNT(*) AS row_count, SUM(ABS(amount)) AS money, 0 AS at_risk
    FROM cleared
    GROUP BY currency
) AS items_and_cleared
GROUP BY outcome, currency
ORDER BY outcome, currency
