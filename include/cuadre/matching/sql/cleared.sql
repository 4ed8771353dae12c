-- Pairs the first pass closed for good.
SELECT p.*
FROM candidates_1 AS p
WHERE p.line_key IS NOT NULL
    AND p.order_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM second_look AS s WHERE s.line_key = p.line_key)
