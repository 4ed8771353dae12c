-- Every archive of today's and of the carried lines, numbered in the order of its id: the number makes one sortable
-- integer, line_key, out of (archive_id, line_no).
SELECT
    archive_id,
    ROW_NUMBER() OVER (ORDER BY archive_id) AS archive_no
FROM (
    SELECT archive_id FROM todays_lines
    UNION
    SELECT archive_id FROM carried_lines
) AS seen
