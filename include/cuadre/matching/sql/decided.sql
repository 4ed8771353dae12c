-- Every row that is not a plain cleared pair, decided. `whole_order` marks rows that are about the order itself and
-- so carry the order's item id: accepted pairs and orders without a line.
SELECT
    p.line_key,
    'PAYMENT' AS line_type,
    CASE WHEN p.decision <> 'conflict' THEN p.order_id END AS order_id,
    p.decision = 'accepted' AS whole_order,
    CASE
        WHEN o.order_id IS NOT NULL AND p.outcome IN (${cleared_outcomes}) THEN 'amount_mismatch' ELSE p.outcome
    END AS outcome,
    CASE WHEN o.order_id IS NULL THEN p.reasons ELSE LIST_CONCAT(p.reasons, o.reasons) END AS reasons,
    p.currency,
    CASE WHEN p.decision <> 'conflict' THEN p.expected END AS expected,
    p.got,
    CASE
        WHEN p.decision = 'accepted' AND p.outcome <> 'currency_mismatch' THEN p.got - p.expected
        WHEN p.decision = 'alone' THEN p.got
    END AS delta,
    CASE WHEN p.decision = 'accepted' THEN p.pass END AS pass
FROM payments AS p
LEFT JOIN overdrawn AS o ON o.order_id = p.order_id AND p.decision = 'accepted'
UNION ALL
SELECT
    g.line_key,
    CASE WHEN g.line_key IS NOT NULL THEN 'PAYMENT' END AS line_type,
    g.order_id,
    g.line_key IS NULL AS whole_order,
    CASE WHEN o.order_id IS NULL THEN g.outcome ELSE 'amount_mismatch' END AS outcome,
    CASE WHEN o.order_id IS NULL THEN g.reasons ELSE LIST_CONCAT(g.reasons, o.reasons) END AS reasons,
    g.currency,
    g.expected,
    g.got,
    g.delta,
    g.pass
FROM grouped AS g
LEFT JOIN overdrawn AS o ON o.order_id = g.order_id
UNION ALL
SELECT
    line_key, line_type, order_id, FALSE AS whole_order, outcome, reasons, currency, NULL AS expected, got, delta, pass
FROM returns
UNION ALL
SELECT
    line_key, line_type, NULL AS order_id, FALSE AS whole_order, 'not_an_order' AS outcome, NO_REASONS() AS reasons,
    currency, NULL AS expected, gross AS got, NULL AS delta, NULL AS pass
FROM rest_lines
WHERE line_type <> 'PAYMENT' AND line_type NOT IN (${returns})
UNION ALL
SELECT
    NULL AS line_key, NULL AS line_type, c.order_id, TRUE AS whole_order, 'ambiguous' AS outcome, c.reasons,
    o.currency, o.amount AS expected, NULL AS got, NULL AS delta, NULL AS pass
FROM contested_orders AS c
INNER JOIN rest_orders AS o ON o.order_id = c.order_id
UNION ALL
SELECT
    NULL AS line_key, NULL AS line_type, order_id, TRUE AS whole_order, outcome,
    CASE
        WHEN outcome = 'pending' THEN [REASON('NOT_YET_DUE', 'due_at', due_on, NULL, NULL)]
        ELSE [REASON('LINE_NOT_FOUND', 'due_at', due_on, NULL, NULL)]
    END AS reasons,
    currency, amount AS expected, NULL AS got, -amount AS delta, NULL AS pass
FROM waiting_orders
UNION ALL
SELECT
    NULL AS line_key, NULL AS line_type, order_id, TRUE AS whole_order,
    CASE
        WHEN currency_edited THEN 'currency_mismatch'
        WHEN amount_edited THEN 'amount_mismatch'
        ELSE 'status_mismatch'
    END AS outcome,
    LIST_FILTER(
        [
            CASE WHEN currency_edited THEN REASON('ORDER_EDITED', 'currency', currency, cleared_currency, NULL) END,
            CASE WHEN amount_edited THEN REASON('ORDER_EDITED', 'amount', amount, cleared, cleared - amount) END,
            CASE WHEN status_edited THEN REASON('ORDER_EDITED', 'status', 'PAID', status, NULL) END
        ],
        lambda reason: reason IS NOT NULL
    ) AS reasons,
    currency, amount AS expected, NULL AS got, CASE WHEN amount_edited THEN cleared - amount END AS delta, NULL AS pass
FROM edited_orders
