-- Orders in play that a line of an earlier day has cleared. `perhaps_edited` are those without a line today whose state
-- or amount is not what one claim says; the few of them are looked at in full by edited_orders.sql.
SELECT
    c.order_id,
    MAX(
        CASE
            WHEN p.line_key IS NULL
                AND (NOT p.awaited OR c.order_currency <> p.currency OR c.order_amount <> p.amount) THEN 1
            ELSE 0
        END
    ) = 1 AS perhaps_edited
FROM earlier_payments AS c
INNER JOIN first_pass AS p ON p.order_id = c.order_id
GROUP BY c.order_id
