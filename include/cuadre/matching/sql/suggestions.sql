-- What an open line may mean: open orders in its currency with evidence that proves nothing, scored. Suggestions change
-- no outcome; whoever works on the line decides. The score adds up, to 1 at most:
--   reference  the same 0.45; one slip apart 0.35, or 0.20 when another open item is one slip apart as well
--   amount     the same 0.35, or 0.25 when another open item has it too; within 1 % 0.15
--   time       paid within 15 minutes of each other 0.20, an hour 0.15, a day 0.10, three days 0.05
-- Pairs of 0.40 and more are suggested, the best few of each order, and of these the best few of each line.
WITH pairs AS (
    SELECT line_item, order_item FROM near_references
    UNION
    SELECT line_item, order_item FROM near_amounts
),

compared AS (
    SELECT
        p.line_item,
        p.order_item,
        o.order_id,
        l.currency,
        o.amount AS expected,
        l.gross AS got,
        l.amount - o.amount AS delta,
        r.field,
        r.expected AS expected_reference,
        r.got AS reference,
        CASE
            WHEN r.same THEN 'REFERENCE_SAME'
            WHEN r.alone THEN 'REFERENCE_NEAR_ALONE'
            WHEN NOT r.alone THEN 'REFERENCE_NEAR'
        END AS by_reference,
        CASE
            WHEN a.alone THEN 'AMOUNT_SAME_ALONE'
            WHEN l.amount = o.amount AND l.amount <> 0 THEN 'AMOUNT_SAME'
            WHEN CAST(ABS(l.amount - o.amount) AS DECIMAL(27, 6)) * 100 <= o.amount AND o.amount > 0 THEN 'AMOUNT_NEAR'
        END AS by_amount,
        ABS(MICROS(l.paid_at) - MICROS(o.paid_at)) AS micros
    FROM pairs AS p
    INNER JOIN suggestible_lines AS l ON l.item_id = p.line_item
    INNER JOIN suggestible_orders AS o ON o.item_id = p.order_item
    LEFT JOIN near_references AS r ON r.line_item = p.line_item AND r.order_item = p.order_item
    LEFT JOIN near_amounts AS a ON a.line_item = p.line_item AND a.order_item = p.order_item
),

scored AS (
    SELECT
        *,
        CASE by_reference
            WHEN 'REFERENCE_SAME' THEN 45 WHEN 'REFERENCE_NEAR_ALONE' THEN 35 WHEN 'REFERENCE_NEAR' THEN 20 ELSE 0
        END
        + CASE by_amount
            WHEN 'AMOUNT_SAME_ALONE' THEN 35 WHEN 'AMOUNT_SAME' THEN 25 WHEN 'AMOUNT_NEAR' THEN 15 ELSE 0
        END
        + CASE
            WHEN micros <= ${quarter_of_an_hour} THEN 20
            WHEN micros <= ${hour} THEN 15
            WHEN micros <= ${day} THEN 10
            WHEN micros <= ${three_days} THEN 5
            ELSE 0
        END AS points
    FROM compared
),

best_of_order AS (
    SELECT
        *,
        ROW_NUMBER() OVER (PARTITION BY order_item ORDER BY points DESC, micros, line_item) AS place
    FROM scored
    WHERE points >= 40
),

best_of_line AS (
    SELECT
        *,
        ROW_NUMBER() OVER (PARTITION BY line_item ORDER BY points DESC, micros, order_item) AS choice
    FROM best_of_order
    WHERE place <= ${few}
)

SELECT
    ${source} AS source,
    ${settlement_date} AS settlement_date,
    line_item AS item_id,
    order_item AS suggested_item_id,
    choice,
    CAST(points AS DECIMAL(9, 6)) * 0.01 AS score,
    LIST_FILTER(
        [
            CASE
                WHEN by_reference IS NOT NULL
                    THEN REASON(by_reference, field, expected_reference, reference, NULL)
            END,
            CASE WHEN by_amount IS NOT NULL THEN REASON(by_amount, 'gross', expected, got, delta) END,
            CASE
                WHEN micros <= ${three_days}
                    THEN REASON(
                        'TIME_NEAR', 'occurred_at', NULL, CAST((micros - micros % 1000000) / 1000000 AS BIGINT), NULL
                    )
            END
        ],
        lambda reason: reason IS NOT NULL
    ) AS reasons,
    order_id,
    currency,
    expected,
    got
FROM best_of_line
WHERE choice <= ${few}
ORDER BY line_item, choice
