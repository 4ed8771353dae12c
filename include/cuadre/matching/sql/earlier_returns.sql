-- What lines of earlier days gave back of the orders that are originals today, by currency. A line that is in play
-- today, because it came up again, counts among today's. Later days count for nothing, so that a day judged again
-- finds what it found.
SELECT
    c.order_id,
    c.currency,
    SUM(ABS(c.gross)) FILTER (c.line_type <> 'CHARGEBACK_REVERSAL') AS given_back,
    SUM(ABS(c.gross)) FILTER (c.line_type = 'CHARGEBACK') AS charged_back,
    SUM(ABS(c.gross)) FILTER (c.line_type = 'CHARGEBACK_REVERSAL') AS won_back
FROM claims AS c
WHERE c.line_type IN (${returns})
    AND c.settlement_date < ${settlement_date}
    AND c.order_id IN (SELECT order_id FROM originals)
    AND NOT EXISTS (SELECT 1 FROM rest_lines AS l WHERE l.archive_id = c.archive_id AND l.line_no = c.line_no)
GROUP BY c.order_id, c.currency
