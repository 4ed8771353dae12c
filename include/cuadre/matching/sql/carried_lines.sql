-- Lines of open items come up again, unless today's files bring the very same record.
SELECT c.*
FROM (
    SELECT
        ${open_line_fields}
    FROM open_items AS o
    WHERE o.line IS NOT NULL
) AS c
WHERE NOT EXISTS (
    SELECT 1
    FROM todays_lines AS t
    WHERE t.archive_id = c.archive_id AND t.line_no = c.line_no
)
