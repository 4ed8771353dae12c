-- What lines of earlier days gave back of what are originals, or are paid, today.
SELECT
    order_id,
    NULL AS line_reference,
    line_type,
    currency,
    gross,
    operation_reference,
    moment
FROM given_back
WHERE order_id IN (
    SELECT order_id FROM originals
    UNION
    SELECT order_id FROM paid_orders
)
UNION ALL
SELECT
    o.order_id,
    o.line_reference,
    l.line_type,
    l.currency,
    l.gross,
    l.operation_reference,
    l.moment
FROM lone_returns AS l
INNER JOIN originals AS o ON o.line_key = l.line_key AND o.orders <= 1
