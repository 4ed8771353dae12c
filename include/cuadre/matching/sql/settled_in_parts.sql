-- The rows of several lines that pay one order: each expects its own part, and the last one what is left of the order's
-- amount, so that they add up. Where two choices of lines fit, the lines and the order are ambiguous.
SELECT
    line_key, order_id, 'matched_with_variance' AS outcome,
    LIST_FILTER(
        LIST_CONCAT(
            [
                REASON('SETTLED_IN_PARTS', 'order_id', order_id, names, rest),
                CASE WHEN rest <> 0 THEN REASON('AMOUNT_WITHIN_TOLERANCE', 'gross', amount, amount + rest, rest) END
            ],
            LIST_FILTER(reasons, lambda reason: reason.code NOT IN ('AMOUNT_DIFFERS', 'AMOUNT_WITHIN_TOLERANCE'))
        ),
        lambda reason: reason IS NOT NULL
    ) AS reasons,
    currency,
    CASE WHEN is_last THEN got - rest ELSE got END AS expected,
    got,
    CASE WHEN is_last THEN rest ELSE 0 END AS delta,
    ${pass} AS pass,
    NULL AS paying_line
FROM ${told}
WHERE fits = 1
UNION ALL
SELECT
    line_key, NULL AS order_id, 'ambiguous' AS outcome, [REASON('SEVERAL_SUMS_FIT', 'gross', expected, names, NULL)],
    currency, NULL AS expected, got, NULL AS delta, NULL AS pass, NULL AS paying_line
FROM ${told}
WHERE fits > 1
UNION ALL
SELECT
    NULL AS line_key, order_id, 'ambiguous' AS outcome, [REASON('SEVERAL_SUMS_FIT', 'gross', expected, names, NULL)],
    currency, expected, NULL AS got, NULL AS delta, NULL AS pass, NULL AS paying_line
FROM ${told}
WHERE fits > 1 AND is_last
