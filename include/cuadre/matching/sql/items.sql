-- Decided rows with their stable id, the day they were first seen, and their place in the file: that of the line, and
-- after all lines the orders without one. A row that is about an order is known by the order's id, any other line by a
-- digest of what it says. Identical lines are told apart by a running number, oldest first, so that a carried line
-- keeps its number when a copy of it arrives.
WITH said AS (
    SELECT
        line_key,
        settlement_date,
        DIGEST(CONCAT(
            '[', JSON_TEXT(line_type), ',', JSON_TEXT(psp_reference), ',', JSON_TEXT(operation_reference), ',',
            JSON_TEXT(merchant_reference), ',', JSON_TEXT(currency), ',', JSON_TEXT(CAST(gross AS VARCHAR)), ']'
        )) AS digest
    FROM rest_lines
    WHERE line_key IN (SELECT line_key FROM decided WHERE NOT whole_order)
),

line_ids AS (
    SELECT
        line_key,
        CONCAT(
            'line:', digest, ':',
            CAST(ROW_NUMBER() OVER (PARTITION BY digest ORDER BY settlement_date, line_key) AS VARCHAR)
        ) AS item_id
    FROM said
),

order_places AS (
    SELECT
        order_id,
        ${after_lines} + ROW_NUMBER() OVER (ORDER BY order_id) AS place
    FROM decided
    WHERE line_key IS NULL
),

identified AS (
    SELECT
        d.*,
        COALESCE(d.line_key, o.place) AS place,
        CASE WHEN d.whole_order THEN CONCAT('order:', d.order_id) ELSE l.item_id END AS item_id
    FROM decided AS d
    LEFT JOIN line_ids AS l ON l.line_key = d.line_key
    LEFT JOIN order_places AS o ON o.order_id = d.order_id AND d.line_key IS NULL
)

SELECT
    i.place,
    i.line_key,
    i.line_type,
    i.order_id,
    i.outcome,
    i.reasons,
    i.currency,
    i.expected,
    i.got,
    i.delta,
    i.pass,
    i.item_id,
    COALESCE(LEAST(c.first_seen, s.first_seen, ${settlement_date}), ${settlement_date}) AS first_seen,
    l.psp_reference,
    l.operation_reference,
    l.occurred_at,
    CASE WHEN i.line_type IN (${returns}) THEN l.merchant_reference END AS merchant_reference,
    CASE WHEN i.line_type IN (${returns}) THEN l.original_reference END AS original_reference,
    CASE WHEN o.currency <> i.currency THEN o.currency END AS order_currency,
    CASE WHEN o.amount IS DISTINCT FROM i.expected THEN o.amount END AS order_amount
FROM identified AS i
LEFT JOIN (SELECT order_id, paying_line FROM grouped WHERE paying_line IS NOT NULL) AS g
    ON i.line_key IS NULL AND g.order_id = i.order_id
LEFT JOIN rest_lines AS l ON l.line_key = COALESCE(i.line_key, g.paying_line)
LEFT JOIN rest_orders AS o ON o.order_id = i.order_id
LEFT JOIN (SELECT item_id, MIN(first_seen) AS first_seen FROM open_items GROUP BY item_id) AS c
    ON c.item_id = i.item_id
LEFT JOIN seen_lines AS s ON s.line_key = i.line_key
