-- Every archive of today's and of the carried lines, numbered in the order of its id: the number makes one sortable
-- integer, line_key, out of (archive_id, line_no). `last_line` is the highest line number in play.
SELECT
    archive_id,
    ROW_NUMBER() OVER (ORDER BY archive_id) AS archive_no,
    MAX(line_no) AS last_line
FROM (
    SELECT archive_id, line_no FROM todays_lines
    UNION ALL
    SELECT archive_id, line_no FROM carried_lines
) AS seen
GROUP BY archive_id
