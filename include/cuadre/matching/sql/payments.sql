-- The decision on every payment line that needed one: accepted, duplicate, ambiguous, or without an order. A line that
-- tells of an operation settled before, for an order that is out of play, is a duplicate all the same.
-- `conflicts_with` names the other order a line's merchant_reference points at.
WITH paired AS (
    SELECT
        p.*,
        COALESCE(t.lines_of_operation, 1) AS lines_of_operation,
        l.settlement_date,
        b.cleared_on,
        other.order_id AS conflicts_with
    FROM considered AS p
    INNER JOIN rest_lines AS l ON l.line_key = p.line_key
    LEFT JOIN operations AS t ON t.line_key = p.line_key
    LEFT JOIN settled_before AS b ON b.line_key = p.line_key AND b.order_id = p.order_id
    LEFT JOIN rest_orders AS other
        ON other.order_id = l.merchant_reference AND other.order_id <> p.order_id
    WHERE p.orders_of_line = 1
),

several_orders AS (
    SELECT
        line_key,
        MIN(pass) AS pass,
        MIN(currency) AS currency,
        MIN(got) AS got,
        STRING_AGG(order_id, ', ' ORDER BY order_id) AS order_ids
    FROM considered
    WHERE orders_of_line > 1
    GROUP BY line_key
),

alone AS (
    SELECT l.*
    FROM rest_lines AS l
    WHERE l.line_type = 'PAYMENT'
        AND NOT EXISTS (SELECT 1 FROM considered AS p WHERE p.line_key = l.line_key)
        AND NOT EXISTS (SELECT 1 FROM explained AS e WHERE e.line_key = l.line_key)
)

SELECT
    line_key, order_id, 'accepted' AS decision, outcome, reasons, currency, expected, got, pass, conflicts_with
FROM paired
WHERE lines_of_order = 1 AND lines_of_operation = 1 AND cleared_on IS NULL AND conflicts_with IS NULL
UNION ALL
SELECT
    line_key, order_id, 'conflict' AS decision, 'ambiguous' AS outcome,
    [REASON('REFERENCE_CONFLICT', 'merchant_reference', order_id, conflicts_with, NULL)] AS reasons,
    currency, expected, got, pass, conflicts_with
FROM paired
WHERE lines_of_order = 1 AND lines_of_operation = 1 AND cleared_on IS NULL AND conflicts_with IS NOT NULL
UNION ALL
SELECT
    line_key, order_id, 'duplicate' AS decision, 'duplicate' AS outcome,
    LIST_FILTER(
        [
            CASE
                WHEN lines_of_order > 1
                    THEN REASON(
                        'CLAIMED_BY_SEVERAL_LINES',
                        CASE WHEN pass = 'merchant_reference_only' THEN 'merchant_reference' ELSE pass END,
                        1, lines_of_order, NULL
                    )
                WHEN lines_of_operation > 1
                    THEN REASON('CLAIMED_BY_SEVERAL_LINES', 'operation_reference', 1, lines_of_operation, NULL)
            END,
            CASE
                WHEN cleared_on IS NOT NULL
                    THEN REASON('SETTLED_BEFORE', 'settlement_date', cleared_on, settlement_date, NULL)
            END
        ],
        lambda reason: reason IS NOT NULL
    ) AS reasons,
    currency, expected, got, pass, NULL AS conflicts_with
FROM paired
WHERE lines_of_order > 1 OR lines_of_operation > 1 OR cleared_on IS NOT NULL
UNION ALL
SELECT
    line_key, NULL AS order_id, 'ambiguous' AS decision, 'ambiguous' AS outcome,
    [REASON('SEVERAL_ORDERS', pass, NULL, order_ids, NULL)] AS reasons,
    currency, NULL AS expected, got, pass, NULL AS conflicts_with
FROM several_orders
UNION ALL
SELECT
    l.line_key, MIN(s.order_id) AS order_id, 'duplicate' AS decision, 'duplicate' AS outcome,
    [REASON('SETTLED_BEFORE', 'settlement_date', MIN(s.cleared_on), MIN(l.settlement_date), NULL)] AS reasons,
    MIN(l.currency) AS currency, NULL AS expected, MIN(l.gross) AS got, NULL AS pass, NULL AS conflicts_with
FROM alone AS l
INNER JOIN settled_operations AS s ON s.line_key = l.line_key
GROUP BY l.line_key
UNION ALL
SELECT
    l.line_key, NULL AS order_id, 'alone' AS decision, 'missing_in_orders' AS outcome,
    CASE
        WHEN l.psp_reference IS NOT NULL
            THEN [REASON('ORDER_NOT_FOUND', 'psp_reference', NULL, l.psp_reference, NULL)]
        WHEN l.merchant_reference IS NOT NULL
            THEN [REASON('ORDER_NOT_FOUND', 'merchant_reference', NULL, l.merchant_reference, NULL)]
        ELSE [REASON('NO_REFERENCE', NULL, NULL, NULL, NULL)]
    END AS reasons,
    l.currency, NULL AS expected, l.gross AS got, NULL AS pass, NULL AS conflicts_with
FROM alone AS l
WHERE NOT EXISTS (SELECT 1 FROM settled_operations AS s WHERE s.line_key = l.line_key)
