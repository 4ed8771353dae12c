-- Pairs of a further pass that are the only candidates on both sides, agree within its tolerance, and that nothing
-- contradicts.
SELECT
    line_key,
    order_id
FROM ${weighed}
WHERE orders_of_line = 1
    AND lines_of_order = 1
    AND NOT contradicted
    AND outcome IN ('matched', 'matched_with_variance')
