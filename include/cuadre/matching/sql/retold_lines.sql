-- Payment lines of whose operation another line tells, without the payment's reference: by its number, moment and amount.
SELECT l.line_key
FROM lines AS l
INNER JOIN (
    SELECT DISTINCT operation_reference, currency, gross, occurred_at
    FROM lines
    WHERE line_type = 'PAYMENT' AND psp_reference IS NULL AND operation_reference IS NOT NULL
) AS r
    ON r.operation_reference = l.operation_reference AND r.currency = l.currency
    AND r.gross = l.gross AND r.occurred_at = l.occurred_at
WHERE l.line_type = 'PAYMENT' AND l.psp_reference IS NOT NULL
