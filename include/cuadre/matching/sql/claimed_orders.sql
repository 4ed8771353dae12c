-- Orders in play that a line of another day has cleared.
SELECT DISTINCT c.order_id
FROM claims AS c
INNER JOIN first_pass AS p ON p.order_id = c.order_id
WHERE c.line_type = 'PAYMENT'
    AND c.settlement_date <> ${settlement_date}
