-- The rows of all groups: one for each line of a group, and for one line that pays several orders one for each order,
-- which names its `paying_line`.
SELECT line_key, order_id, outcome, reasons, currency, expected, got, delta, pass, paying_line
FROM (${rows}) AS found
