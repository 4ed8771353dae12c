-- Rows and money by outcome and currency; and how much of it was a break already when the day began.
SELECT
    outcome,
    currency,
    CAST(SUM(row_count) AS BIGINT) AS row_count,
    SUM(money) AS money,
    SUM(at_risk) AS at_risk,
    CAST(SUM(carried) AS BIGINT) AS carried,
    SUM(carried_at_risk) AS carried_at_risk
FROM (
    SELECT
        outcome,
        currency,
        COUNT(*) AS row_count,
        SUM(${money}) AS money,
        SUM(${at_risk}) AS at_risk,
        COUNT(*) FILTER (WHERE was_break) AS carried,
        COALESCE(SUM(${at_risk}) FILTER (WHERE was_break), 0) AS carried_at_risk
    FROM (
        SELECT
            *,
            line_key IN (SELECT line_key FROM seen_lines)
            OR item_id IN (SELECT item_id FROM open_items WHERE outcome <> 'pending') AS was_break
        FROM items
    ) AS judged
    GROUP BY outcome, currency
    UNION ALL
    SELECT
        'matched' AS outcome, currency, COUNT(*) AS row_count, SUM(ABS(amount)) AS money, 0 AS at_risk,
        0 AS carried, 0 AS carried_at_risk
    FROM cleared
    GROUP BY currency
) AS items_and_cleared
GROUP BY outcome, currency
ORDER BY outcome, currency
