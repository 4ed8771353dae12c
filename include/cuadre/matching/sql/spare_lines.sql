-- Payment lines no earlier pass has found an order for.
SELECT l.*
FROM ${lines} AS l
WHERE l.line_type = 'PAYMENT'
    AND NOT EXISTS (SELECT 1 FROM ${candidates} AS p WHERE p.line_key = l.line_key)
