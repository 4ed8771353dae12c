-- The few orders later steps ask about, whole: by id, or by a reference that a return or a line without one names.
SELECT o.*
FROM orders AS o
WHERE o.order_id IN (SELECT order_id FROM needed_orders)
    OR o.psp_reference IN (
        SELECT reference
        FROM return_references
        UNION
        SELECT operation_reference AS reference
        FROM rest_lines
        WHERE line_type = 'PAYMENT' AND merchant_reference IS NULL AND operation_reference IS NOT NULL
    )
