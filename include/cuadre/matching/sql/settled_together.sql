-- The rows of one line that pays several orders: the line has a row without an order, and each order one without a
-- line, of which the last has what the line brings more or less. Where two choices of orders fit, the line and the
-- orders are ambiguous.
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
    currency, NULL AS expected, got, 0 AS delta, ${pass} AS pass, NULL AS paying_line
FROM ${told}
WHERE fits = 1 AND is_last
UNION ALL
SELECT
    NULL AS line_key, order_id, 'matched_with_variance' AS outcome,
    LIST_CONCAT(
        [REASON('SETTLED_TOGETHER', 'line_no', line_name, names, rest)],
        LIST_FILTER(reasons, lambda reason: reason.code NOT IN (
            'AMOUNT_DIFFERS', 'AMOUNT_WITHIN_TOLERANCE', 'FEE_DIFFERS', 'TAX_DIFFERS', 'REFERENCE_DIFFERS'
        ))
    ) AS reasons,
    currency, expected, NULL AS got, CASE WHEN is_last THEN rest ELSE 0 END AS delta, ${pass} AS pass,
    line_key AS paying_line
FROM ${told}
WHERE fits = 1
UNION ALL
SELECT
    line_key, NULL AS order_id, 'ambiguous' AS outcome, [REASON('SEVERAL_SUMS_FIT', 'gross', NULL, names, NULL)],
    currency, NULL AS expected, got, NULL AS delta, NULL AS pass, NULL AS paying_line
FROM ${told}
WHERE fits > 1 AND is_last
UNION ALL
SELECT
    NULL AS line_key, order_id, 'ambiguous' AS outcome, [REASON('SEVERAL_SUMS_FIT', 'gross', got, names, NULL)],
    currency, expected, NULL AS got, NULL AS delta, NULL AS pass, NULL AS paying_line
FROM ${told}
WHERE fits > 1
