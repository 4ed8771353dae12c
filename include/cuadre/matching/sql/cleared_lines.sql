-- What was plainly cleared, with what its lines are called by and their moment.
SELECT
    c.line_key,
    c.order_id,
    c.currency,
    c.amount,
    l.psp_reference,
    l.operation_reference,
    l.occurred_at
FROM cleared AS c
INNER JOIN lines AS l ON l.line_key = c.line_key
