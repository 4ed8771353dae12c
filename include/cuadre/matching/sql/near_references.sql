-- Pairs of an open line and an open order with a reference of the same text, or one slip apart: a letter wrong,
-- missing, too many, or two neighbours swapped. Each text is written with each of its letters left out; texts one slip
-- apart share such a shape, so that shapes are joined by equality and texts are never all compared with each other.
-- `alone` says that neither item has another such pair. A text several items carry (more than ${shared}) identifies
-- none of them. Case counts for nothing; NULL has no text.
WITH line_references AS (
    SELECT item_id, 'psp_reference' AS field, psp_reference AS reference, ${plain_psp_reference} AS text
    FROM suggestible_lines
    UNION ALL
    SELECT item_id, 'merchant_reference' AS field, merchant_reference AS reference, ${plain_merchant_reference} AS text
    FROM suggestible_lines
    UNION ALL
    SELECT item_id, 'original_reference' AS field, original_reference AS reference, ${plain_original_reference} AS text
    FROM suggestible_lines
),

order_references AS (
    SELECT item_id, 'psp_reference' AS field, psp_reference AS reference, ${plain_psp_reference} AS text
    FROM suggestible_orders
    UNION ALL
    SELECT item_id, 'order_id' AS field, order_id AS reference, ${plain_order_id} AS text
    FROM suggestible_orders
),

line_texts AS (
    SELECT text FROM line_references WHERE text IS NOT NULL GROUP BY text HAVING COUNT(DISTINCT item_id) <= ${shared}
),

order_texts AS (
    SELECT text FROM order_references WHERE text IS NOT NULL GROUP BY text HAVING COUNT(DISTINCT item_id) <= ${shared}
),

line_shapes AS (
    SELECT t.text, p.spot, CONCAT(SUBSTRING(t.text, 1, p.spot - 1), SUBSTRING(t.text, p.spot + 1)) AS shape
    FROM line_texts AS t
    INNER JOIN (VALUES ${places}) AS p (spot) ON p.spot <= LENGTH(t.text)
    WHERE LENGTH(t.text) BETWEEN ${shortest} AND ${longest}
    UNION ALL
    SELECT text, 0 AS spot, text AS shape
    FROM line_texts
),

order_shapes AS (
    SELECT t.text, p.spot, CONCAT(SUBSTRING(t.text, 1, p.spot - 1), SUBSTRING(t.text, p.spot + 1)) AS shape
    FROM order_texts AS t
    INNER JOIN (VALUES ${places}) AS p (spot) ON p.spot <= LENGTH(t.text)
    WHERE LENGTH(t.text) BETWEEN ${shortest} AND ${longest}
    UNION ALL
    SELECT text, 0 AS spot, text AS shape
    FROM order_texts
),

near_texts AS (
    SELECT DISTINCT l.text AS line_text, o.text AS order_text
    FROM line_shapes AS l
    INNER JOIN order_shapes AS o ON o.shape = l.shape
    WHERE l.spot = 0
        OR o.spot = 0
        OR (LENGTH(l.text) = LENGTH(o.text) AND l.spot = o.spot)
        OR (
            LENGTH(l.text) = LENGTH(o.text)
            AND o.spot = l.spot + 1
            AND SUBSTRING(l.text, l.spot, 1) = SUBSTRING(o.text, o.spot, 1)
        )
),

found AS (
    SELECT
        l.item_id AS line_item,
        o.item_id AS order_item,
        l.field,
        l.reference AS got,
        o.reference AS expected,
        l.text = o.text AS same,
        ROW_NUMBER() OVER (
            PARTITION BY l.item_id, o.item_id
            ORDER BY CASE WHEN l.text = o.text THEN 0 ELSE 1 END, l.field DESC, o.field DESC
        ) AS choice
    FROM near_texts AS n
    INNER JOIN line_references AS l ON l.text = n.line_text
    INNER JOIN order_references AS o ON o.text = n.order_text
    INNER JOIN suggestible_lines AS a ON a.item_id = l.item_id
    INNER JOIN suggestible_orders AS b ON b.item_id = o.item_id AND b.currency = a.currency
)

SELECT
    line_item,
    order_item,
    field,
    expected,
    got,
    same,
    COUNT(*) OVER (PARTITION BY line_item) = 1 AND COUNT(*) OVER (PARTITION BY order_item) = 1 AS alone
FROM found
WHERE choice = 1
