-- One pass: every payment line beside every order that the pass's condition finds for it.
-- Run once for each pass, over what the earlier passes left.
SELECT
    l.line_key,
    o.order_id
FROM ${lines} AS l
INNER JOIN ${orders} AS o ON ${condition}
WHERE l.line_type = 'PAYMENT'
