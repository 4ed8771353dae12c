-- Payment lines the passes by reference cannot close: no order was found for them, or several, or one that other lines
-- point at too or that has another amount. One that may as well mean an order that took no money, or was cleared
-- before, stays ambiguous: no tolerance says which of the two was paid. `named_order` is the order their
-- merchant_reference names, if there is one; `settled_no` is the number of their settlement date in business days.
SELECT
    l.*,
    n.order_id AS named_order,
    k.business_no AS settled_no
FROM rest_lines AS l
LEFT JOIN rest_orders AS n ON n.order_id = l.merchant_reference
LEFT JOIN calendar AS k ON k.day = l.settlement_date
WHERE l.line_type = 'PAYMENT'
    AND NOT EXISTS (
        SELECT 1
        FROM referenced AS p
        WHERE p.line_key = l.line_key
            AND p.orders_of_line = 1 AND p.lines_of_order = 1 AND p.outcome <> 'amount_mismatch'
    )
    AND NOT EXISTS (
        SELECT 1
        FROM referenced AS p
        INNER JOIN open_orders AS o ON o.order_id = p.order_id
        WHERE p.line_key = l.line_key AND p.orders_of_line > 1 AND (o.cleared_before OR o.status NOT IN (${taken}))
    )
