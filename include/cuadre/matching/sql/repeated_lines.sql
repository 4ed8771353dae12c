-- Lines with more than one candidate order in the first pass.
SELECT line_key
FROM first_pass
WHERE line_key IS NOT NULL
GROUP BY line_key
HAVING COUNT(*) > 1
