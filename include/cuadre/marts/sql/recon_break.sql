-- The breaks this day changed: opened, altered, or closed. A break that stays as it was keeps its earlier row.
WITH closing AS (
    SELECT b.*
    FROM opened_breaks AS b
    WHERE NOT EXISTS (FROM breaks AS j WHERE j.item_id = b.item_id)
)
SELECT
    j.source,
    j.item_id,
    j.settlement_date,
    'open' AS status,
    j.outcome,
    j.reasons_json AS reasons,
    j.archive_id,
    j.line_no,
    j.order_id,
    COALESCE(l.psp_reference, o.psp_reference) AS psp_reference,
    l.merchant_reference,
    l.batch_id,
    j.currency,
    j.expected,
    j.got,
    j.delta,
    j.at_risk,
    j.first_seen,
    CAST(NULL AS DATE) AS closed_on
FROM breaks AS j
LEFT JOIN all_lines AS l
    ON l.archive_id = j.archive_id AND l.line_no = j.line_no
LEFT JOIN (SELECT item_id, "order".psp_reference AS psp_reference FROM left_open WHERE line IS NULL) AS o
    ON o.item_id = j.item_id
LEFT JOIN opened_breaks AS b
    ON b.item_id = j.item_id
WHERE
    b.item_id IS NULL
    OR (b.outcome, b.reasons_json, b.currency, b.expected, b.got, b.delta)
    IS DISTINCT FROM (j.outcome, j.reasons_json, j.currency, j.expected, j.got, j.delta)
UNION ALL
SELECT
    c.source,
    c.item_id,
    d.settlement_date,
    'closed' AS status,
    c.outcome,
    c.reasons_json AS reasons,
    c.line.archive_id AS archive_id,
    c.line.line_no AS line_no,
    c."order".order_id AS order_id,
    COALESCE(c.line.psp_reference, c."order".psp_reference) AS psp_reference,
    c.line.merchant_reference AS merchant_reference,
    c.line.batch_id AS batch_id,
    c.currency,
    c.expected,
    c.got,
    c.delta,
    CAST(0 AS DECIMAL(18, 6)) AS at_risk,
    c.first_seen,
    d.settlement_date AS closed_on
FROM closing AS c
CROSS JOIN day AS d
