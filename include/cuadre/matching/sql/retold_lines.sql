-- Payment lines of whose operation another line tells without the provider's reference, by its number, moment and
-- amount, and for an order it names.
SELECT DISTINCT l.line_key
FROM lines AS l
INNER JOIN nameless_lines AS n
    ON n.operation_reference = l.operation_reference AND n.occurred_at = l.occurred_at
    AND n.currency = l.currency AND n.gross = l.gross
WHERE l.line_type = 'PAYMENT' AND l.psp_reference IS NOT NULL AND n.merchant_reference IS NOT NULL
