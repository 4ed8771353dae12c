-- Every pair of a line and an order that needs a decision, with the size of its neighbourhood. A pass joins on
-- equality of one key, so its candidate graph falls into complete groups (all lines with a key, all orders with it):
-- whoever shares a neighbour shares all of them, and the counts below are those of the connected component.
WITH pairs AS (
    SELECT 1 AS pass_no, 'psp_reference' AS pass, p.*
    FROM candidates_1 AS p
    WHERE p.line_key IS NOT NULL AND p.order_id IS NOT NULL
    UNION ALL
    SELECT 2 AS pass_no, 'merchant_reference' AS pass, p.*
    FROM candidates_2 AS p
    WHERE p.line_key IS NOT NULL AND p.order_id IS NOT NULL
    UNION ALL
    SELECT 3 AS pass_no, 'merchant_reference_only' AS pass, p.*
    FROM candidates_3 AS p
    WHERE p.line_key IS NOT NULL AND p.order_id IS NOT NULL
)

SELECT
    *,
    COUNT(*) OVER (PARTITION BY pass_no, line_key) AS orders_of_line,
    COUNT(*) OVER (PARTITION BY pass_no, order_id) AS lines_of_order
FROM pairs
