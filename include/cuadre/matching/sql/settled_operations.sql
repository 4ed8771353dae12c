-- Payment lines that tell of an operation which a line of an earlier day was believed for, with the order that one
-- cleared: none where it paid several. The provider's reference and the operation number say so; where one of the two
-- lacks the number, the moment and the amount instead of it; where one lacks the reference, the number, the moment and
-- the amount.
WITH same AS (
    SELECT
        l.line_key, l.archive_id, l.line_no,
        c.order_id, c.settlement_date, c.archive_id AS other_archive, c.line_no AS other_line
    FROM earlier_payments AS c
    INNER JOIN lines AS l
        ON l.psp_reference = c.psp_reference
    WHERE l.line_type = 'PAYMENT'
        AND (
            l.operation_reference = c.operation_reference
            OR (
                (l.operation_reference IS NULL OR c.operation_reference IS NULL)
                AND l.occurred_at = c.occurred_at AND l.currency = c.currency AND l.gross = c.gross
            )
        )
    UNION ALL
    SELECT
        l.line_key, l.archive_id, l.line_no,
        c.order_id, c.settlement_date, c.archive_id AS other_archive, c.line_no AS other_line
    FROM earlier_payments AS c
    INNER JOIN nameless_lines AS l
        ON l.operation_reference = c.operation_reference AND l.occurred_at = c.occurred_at
        AND l.currency = c.currency AND l.gross = c.gross
    UNION ALL
    SELECT
        l.line_key, l.archive_id, l.line_no,
        c.order_id, c.settlement_date, c.archive_id AS other_archive, c.line_no AS other_line
    FROM earlier_payments AS c
    INNER JOIN lines AS l
        ON l.operation_reference = c.operation_reference AND l.occurred_at = c.occurred_at
        AND l.currency = c.currency AND l.gross = c.gross
    WHERE l.line_type = 'PAYMENT' AND c.psp_reference IS NULL
)

SELECT
    line_key,
    order_id,
    MIN(settlement_date) AS cleared_on
FROM same
WHERE archive_id <> other_archive OR line_no <> other_line
GROUP BY line_key, order_id
