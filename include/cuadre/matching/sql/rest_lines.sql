-- Whole lines that need a second look, and every line that is not a payment.
SELECT l.*
FROM lines AS l
WHERE l.line_type <> 'PAYMENT'
    OR l.line_key IN (SELECT line_key FROM second_look WHERE line_key IS NOT NULL)
