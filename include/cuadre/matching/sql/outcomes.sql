-- One row for each line and for each due or pending order without a line, in the order of the file; a block of it at a
-- time, in ascending order of line_key, so that no more than a block is ever sorted.
WITH items_and_cleared AS (
    SELECT
        line_key, order_id, outcome, reasons, currency, expected, got, delta, pass, item_id, first_seen
    FROM items
    UNION ALL
    SELECT
        line_key, order_id, 'matched' AS outcome, NO_REASONS() AS reasons, currency, amount AS expected,
        amount AS got, CAST(0 AS DECIMAL(18, 6)) AS delta, 'psp_reference' AS pass,
        ITEM_ID(CONCAT('["order",', JSON_TEXT(${source}), ',', JSON_TEXT(order_id), ']')) AS item_id,
        ${settlement_date} AS first_seen
    FROM cleared
)

SELECT
    ${source} AS source,
    ${settlement_date} AS settlement_date,
    i.outcome,
    i.reasons,
    a.archive_id,
    i.line_key - a.archive_no * 1099511627776 AS line_no,
    i.order_id,
    i.currency,
    i.expected,
    i.got,
    i.delta,
    i.pass,
    i.first_seen,
    CAST(${settlement_date} - i.first_seen AS BIGINT) AS age_days,
    i.item_id
FROM items_and_cleared AS i
LEFT JOIN archives AS a ON a.archive_no = i.line_key >> 40
WHERE ${block}
ORDER BY i.line_key, i.order_id
