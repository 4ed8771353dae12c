-- Groups that add up to their whole, all parts together, and would not without one of them.
WITH summed AS (
    SELECT
        whole,
        MIN(currency) AS currency,
        MIN(whole_money) AS whole_money,
        SUM(part_money) AS total,
        MIN(ABS(part_money)) AS least,
        STRING_AGG(part_name, ' + ' ORDER BY place) AS names
    FROM ${members}
    GROUP BY whole
    HAVING COUNT(*) > 1
)

SELECT
    m.line_key,
    m.order_id,
    1 AS fits,
    g.names,
    CAST(${amount} AS DECIMAL(18, 6)) AS amount,
    CAST(${gross} AS DECIMAL(18, 6)) AS gross
FROM summed AS g
INNER JOIN ${members} AS m ON m.whole = g.whole
WHERE ABS(g.total - g.whole_money) <= ${tolerance}
    AND ABS(g.whole_money) - (ABS(g.total) - g.least) > ${tolerance}
