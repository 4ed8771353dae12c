-- The rows of all groups: one for each line of a group, and for one line that pays several orders one for each order.
SELECT line_key, order_id, outcome, reasons, currency, expected, got, delta, pass
FROM (${rows}) AS found
