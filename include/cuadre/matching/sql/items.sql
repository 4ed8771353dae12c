-- Decided rows with their stable id and the day they were first seen. Identical lines are told apart by a running
-- number, oldest first, so that a carried line keeps its number when a copy of it arrives.
WITH numbered AS (
    SELECT
        d.*,
        l.line_type,
        l.psp_reference,
        l.operation_reference,
        l.merchant_reference,
        ROW_NUMBER() OVER (
            PARTITION BY
                d.whole_order, l.line_type, l.psp_reference, l.operation_reference, l.merchant_reference,
                l.currency, l.gross
            ORDER BY l.settlement_date, d.line_key
        ) AS copy_no
    FROM decided AS d
    LEFT JOIN rest_lines AS l ON l.line_key = d.line_key
),

identified AS (
    SELECT
        *,
        CASE
            WHEN whole_order
                THEN ITEM_ID(CONCAT('["order",', JSON_TEXT(${source}), ',', JSON_TEXT(order_id), ']'))
            ELSE ITEM_ID(
                CONCAT(
                    '["line",', JSON_TEXT(${source}), ',', JSON_TEXT(line_type), ',', JSON_TEXT(psp_reference), ',',
                    JSON_TEXT(operation_reference), ',', JSON_TEXT(merchant_reference), ',', JSON_TEXT(currency), ',',
                    JSON_TEXT(CAST(got AS VARCHAR)), ',', copy_no, ']'
                )
            )
        END AS item_id
    FROM numbered
)

SELECT
    i.line_key,
    i.order_id,
    i.outcome,
    i.reasons,
    i.currency,
    i.expected,
    i.got,
    i.delta,
    i.pass,
    i.item_id,
    COALESCE(LEAST(c.first_seen, s.first_seen, ${settlement_date}), ${settlement_date}) AS first_seen
FROM identified AS i
LEFT JOIN (SELECT item_id, MIN(first_seen) AS first_seen FROM open_items GROUP BY item_id) AS c
    ON c.item_id = i.item_id
LEFT JOIN seen_lines AS s ON s.line_key = i.line_key
