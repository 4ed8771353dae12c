-- Ids of the orders later steps ask about.
SELECT order_id FROM second_look WHERE order_id IS NOT NULL
UNION
SELECT order_id FROM repeated_orders
UNION
SELECT order_id FROM claimed_orders WHERE perhaps_edited
UNION
SELECT merchant_reference AS order_id FROM rest_lines WHERE merchant_reference IS NOT NULL
UNION
SELECT reference AS order_id FROM return_references
UNION
SELECT order_id FROM claimed_references
