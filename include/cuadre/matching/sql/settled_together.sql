-- The rows of one line that pays several orders: the line has a row without an order, and each order one without a
-- line. Where two choices of orders fit, the line and the orders are ambiguous.
WITH told AS (
    SELECT
        s.line_key,
        s.order_id,
        s.fits,
        s.names,
        s.amount,
        s.gross - s.amount AS rest,
        CONCAT(LEFT(l.archive_id, 8), ':', CAST(l.line_no AS VARCHAR)) AS line_name,
        p.currency,
        p.expected,
        p.got,
        p.reasons,
        ROW_NUMBER() OVER (PARTITION BY s.line_key ORDER BY s.order_id) = 1 AS is_first
    FROM ${sums} AS s
    INNER JOIN ${compared} AS p ON p.line_key = s.line_key AND p.order_id = s.order_id
    INNER JOIN ${lines} AS l ON l.line_key = s.line_key
)

SELECT
    line_key, NULL AS order_id, 'matched_with_variance' AS outcome,
    LIST_FILTER(
        LIST_CONCAT(
            [
                REASON('SETTLED_TOGETHER', 'order_id', NULL, names, rest),
                CASE WHEN rest <> 0 THEN REASON('AMOUNT_WITHIN_TOLERANCE', 'gross', amount, got, rest) END
            ],
            LIST_FILTER(reasons, lambda reason: reason.code IN ('FEE_DIFFERS', 'TAX_DIFFERS'))
        ),
        lambda reason: reason IS NOT NULL
    ) AS reasons,
    currency, NULL AS expected, got, rest AS delta, ${pass} AS pass
FROM told
WHERE fits = 1 AND is_first
UNION ALL
SELECT
    NULL AS line_key, order_id, 'matched_with_variance' AS outcome,
    LIST_CONCAT(
        [REASON('SETTLED_TOGETHER', 'line_no', line_name, names, rest)],
        LIST_FILTER(reasons, lambda reason: reason.code NOT IN (
            'AMOUNT_DIFFERS', 'AMOUNT_WITHIN_TOLERANCE', 'FEE_DIFFERS', 'TAX_DIFFERS', 'REFERENCE_DIFFERS'
        ))
    ) AS reasons,
    currency, expected, NULL AS got, 0 AS delta, ${pass} AS pass
FROM told
WHERE fits = 1
UNION ALL
SELECT
    line_key, NULL AS order_id, 'ambiguous' AS outcome, [REASON('SEVERAL_SUMS_FIT', 'gross', NULL, names, NULL)],
    currency, NULL AS expected, got, NULL AS delta, NULL AS pass
FROM told
WHERE fits > 1 AND is_first
UNION ALL
SELECT
    NULL AS line_key, order_id, 'ambiguous' AS outcome, [REASON('SEVERAL_SUMS_FIT', 'gross', got, names, NULL)],
    currency, expected, NULL AS got, NULL AS delta, NULL AS pass
FROM told
WHERE fits > 1
