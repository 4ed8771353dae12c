-- Lines with more than one candidate order in this pass.
SELECT line_key
FROM ${candidates}
WHERE line_key IS NOT NULL
GROUP BY line_key
HAVING COUNT(*) > 1
