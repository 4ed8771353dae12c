-- Returns that tell of what a line of an earlier day gave back already under the same reference, whoever has that now.
-- The operation number says so, or where one of the two has none the moment, type and amount. What wins money back
-- never tells of what gave it back.
SELECT
    l.line_key,
    MIN(b.settlement_date) AS given_back_on
FROM rest_lines AS l
INNER JOIN given_back AS b
    ON COALESCE(b.original_reference, b.psp_reference, b.merchant_reference)
    = COALESCE(l.original_reference, l.psp_reference, l.merchant_reference)
    AND (b.line_type = 'CHARGEBACK_REVERSAL') = (l.line_type = 'CHARGEBACK_REVERSAL')
WHERE l.line_type IN (${returns})
    AND (
        l.operation_reference = b.operation_reference
        OR (
            (l.operation_reference IS NULL OR b.operation_reference IS NULL)
            AND l.occurred_at = b.moment AND l.line_type = b.line_type AND l.gross = b.gross
        )
    )
GROUP BY l.line_key
