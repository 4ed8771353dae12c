-- One pass: every payment line beside every order that the pass's condition finds for it. A line that tells of an
-- operation settled before means the order that was cleared then, and no other, whoever has its references by now.
-- Run once for each pass, over what the earlier passes left.
SELECT
    l.line_key,
    o.order_id
FROM ${lines} AS l
INNER JOIN ${orders} AS o ON ${condition}
WHERE l.line_type = 'PAYMENT'
    AND NOT EXISTS (
        SELECT 1
        FROM settled_operations AS s
        WHERE s.line_key = l.line_key AND s.order_id IS DISTINCT FROM o.order_id
    )
