-- Lines that come from open items, with the day their item first appeared.
SELECT
    a.archive_no * ${line_room} + o.line.line_no AS line_key,
    MIN(o.first_seen) AS first_seen
FROM open_items AS o
INNER JOIN archives AS a ON a.archive_id = o.line.archive_id
WHERE o.line IS NOT NULL
GROUP BY line_key
