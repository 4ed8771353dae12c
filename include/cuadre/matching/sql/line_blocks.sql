-- How the lines spread over ranges of ${block_rows} line numbers of each archive, in ascending order.
SELECT
    line_key - MOD(line_key, ${block_rows}) AS first_key,
    COUNT(*) AS lines
FROM (
    SELECT line_key FROM items WHERE line_key IS NOT NULL
    UNION ALL
    SELECT line_key FROM cleared
) AS all_lines
GROUP BY line_key - MOD(line_key, ${block_rows})
ORDER BY first_key
