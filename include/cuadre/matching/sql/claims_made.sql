-- What the day uses up: an order for each line that cleared one, and what was given back.
SELECT
    m.order_id,
    l.archive_id,
    l.line_no,
    ${settlement_date} AS settlement_date,
    m.line_type,
    m.currency,
    m.gross,
    m.order_currency,
    m.order_amount,
    l.psp_reference,
    l.operation_reference,
    CASE WHEN l.operation_reference IS NULL THEN l.occurred_at END AS moment,
    CASE WHEN m.lone THEN l.merchant_reference END AS merchant_reference,
    CASE WHEN m.lone THEN l.original_reference END AS original_reference
FROM (
    SELECT
        line_key, order_id, 'PAYMENT' AS line_type, currency, amount AS gross, currency AS order_currency,
        amount AS order_amount, FALSE AS lone
    FROM cleared
    UNION ALL
    SELECT
        i.line_key, i.order_id, COALESCE(i.line_type, 'PAYMENT') AS line_type,
        CASE WHEN i.line_key IS NOT NULL THEN i.currency END AS currency, i.got AS gross,
        CASE WHEN i.line_type IN (${returns}) THEN NULL ELSE o.currency END AS order_currency,
        CASE WHEN i.line_type IN (${returns}) THEN NULL ELSE o.amount END AS order_amount,
        i.order_id IS NULL AND i.line_type <> 'PAYMENT' AS lone
    FROM items AS i
    LEFT JOIN rest_orders AS o ON o.order_id = i.order_id
    WHERE (COALESCE(i.line_type, 'PAYMENT') = 'PAYMENT' AND i.outcome IN (${cleared_outcomes}))
        OR (i.line_type IN (${returns}) AND (i.order_id IS NOT NULL OR i.pass = 'original_reference'))
) AS m
LEFT JOIN lines AS l ON l.line_key = m.line_key
ORDER BY m.line_key, m.order_id
