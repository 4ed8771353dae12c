-- What lines of earlier days gave back of what are originals today, by currency. A line that is in play today, because
-- it came up again, counts among today's.
WITH earlier AS (
    SELECT c.order_id, NULL AS line_reference, c.line_type, c.currency, c.gross
    FROM earlier_claims AS c
    WHERE c.line_type IN (${returns})
        AND c.order_id IN (SELECT order_id FROM originals)
        AND NOT EXISTS (SELECT 1 FROM rest_lines AS l WHERE l.archive_id = c.archive_id AND l.line_no = c.line_no)
    UNION ALL
    SELECT o.order_id, o.line_reference, l.line_type, l.currency, l.gross
    FROM lone_returns AS l
    INNER JOIN originals AS o ON o.line_key = l.line_key AND o.orders <= 1
)

SELECT
    order_id,
    line_reference,
    currency,
    SUM(ABS(gross)) FILTER (line_type <> 'CHARGEBACK_REVERSAL') AS given_back,
    SUM(ABS(gross)) FILTER (line_type = 'CHARGEBACK') AS charged_back,
    SUM(ABS(gross)) FILTER (line_type = 'CHARGEBACK_REVERSAL') AS won_back
FROM earlier
GROUP BY order_id, line_reference, currency
