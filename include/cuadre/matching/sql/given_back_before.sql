-- Returns that tell of what a line of an earlier day gave back already: under the same reference, whoever has that now,
-- or by the same operation at the same moment, whatever they name. Under one reference the operation number says so, or
-- where one of the two has none the moment, type and amount.
SELECT
    line_key,
    MIN(settlement_date) AS given_back_on
FROM (
    SELECT l.line_key, b.settlement_date
    FROM rest_lines AS l
    INNER JOIN given_back AS b
        ON COALESCE(b.original_reference, b.psp_reference, b.merchant_reference)
        = COALESCE(l.original_reference, l.psp_reference, l.merchant_reference)
    WHERE l.line_type IN (${returns})
        AND (
            l.operation_reference = b.operation_reference
            OR (
                (l.operation_reference IS NULL OR b.operation_reference IS NULL)
                AND l.occurred_at = b.moment AND l.line_type = b.line_type AND l.gross = b.gross
            )
        )
    UNION ALL
    SELECT l.line_key, b.settlement_date
    FROM rest_lines AS l
    INNER JOIN given_back AS b
        ON b.operation_reference = l.operation_reference AND b.moment = l.occurred_at
        AND b.line_type = l.line_type AND b.currency = l.currency AND b.gross = l.gross
    WHERE l.line_type IN (${returns})
) AS told
GROUP BY line_key
