-- Each item once: what it was in `since`, what it is in `until`, and which step lies between.
WITH item AS (
    SELECT
        COALESCE(was.source, becomes.source) AS source,
        was.currency AS old_currency,
        was.outcome AS old_outcome,
        was.at_risk AS old_money,
        becomes.currency AS new_currency,
        becomes.outcome AS new_outcome,
        becomes.at_risk AS new_money,
        CASE
            WHEN was.item_id IS NULL THEN 'opened'
            WHEN becomes.item_id IS NULL THEN 'closed'
            WHEN ROW(was.currency, was.outcome, was.at_risk) = ROW(becomes.currency, becomes.outcome, becomes.at_risk)
                THEN 'stayed'
            ELSE 'changed'
        END AS step
    FROM (SELECT b.* FROM recon.recon_break_as_of(movement.since) AS b WHERE b.status = 'open') AS was
    FULL JOIN (SELECT b.* FROM recon.recon_break_as_of(movement.until) AS b WHERE b.status = 'open') AS becomes
        ON becomes.source = was.source AND becomes.item_id = was.item_id
)

SELECT
    item.source,
    side.currency,
    side.outcome,
    COUNT(*) FILTER (WHERE side.old) AS start_count,
    COALESCE(SUM(side.money) FILTER (WHERE side.old), 0) AS start_money,
    COUNT(*) FILTER (WHERE item.step = 'opened') AS opened_count,
    COALESCE(SUM(side.money) FILTER (WHERE item.step = 'opened'), 0) AS opened_money,
    COUNT(*) FILTER (WHERE item.step = 'closed') AS closed_count,
    COALESCE(SUM(side.money) FILTER (WHERE item.step = 'closed'), 0) AS closed_money,
    COUNT(*) FILTER (WHERE item.step = 'changed' AND NOT side.old) AS changed_in_count,
    COALESCE(SUM(side.money) FILTER (WHERE item.step = 'changed' AND NOT side.old), 0) AS changed_in_money,
    COUNT(*) FILTER (WHERE item.step = 'changed' AND side.old) AS changed_out_count,
    COALESCE(SUM(side.money) FILTER (WHERE item.step = 'changed' AND side.old), 0) AS changed_out_money,
    COUNT(*) FILTER (WHERE NOT side.old) AS end_count,
    COALESCE(SUM(side.money) FILTER (WHERE NOT side.old), 0) AS end_money
FROM item
CROSS JOIN LATERAL (
    VALUES
    (TRUE, item.old_currency, item.old_outcome, item.old_money),
    (FALSE, item.new_currency, item.new_outcome, item.new_money)
) AS side (old, currency, outcome, money)
WHERE side.outcome IS NOT NULL
GROUP BY item.source, side.currency, side.outcome
ORDER BY item.source, side.currency, side.outcome
