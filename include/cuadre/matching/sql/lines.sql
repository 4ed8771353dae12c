-- The lines in play: today's and the carried ones. Blank references are NULL, and NULL never matches.
-- line_key stands for (archive_id, line_no) and sorts like it.
SELECT
    a.archive_no * ${line_room} + l.line_no AS line_key,
    l.source,
    l.archive_id,
    l.line_no,
    l.settlement_date,
    l.batch_id,
    l.line_type,
    FILLED(l.psp_reference) AS psp_reference,
    FILLED(l.operation_reference) AS operation_reference,
    FILLED(l.merchant_reference) AS merchant_reference,
    FILLED(l.original_reference) AS original_reference,
    l.currency,
    l.gross,
    l.fee,
    l.tax,
    l.net,
    l.occurred_at,
    l.channel,
    l.presentment_currency,
    l.presentment_amount,
    l.exchange_rate,
    CASE
        WHEN l.exchange_rate > 0 AND SIGN(l.presentment_amount) = SIGN(l.gross) THEN l.presentment_currency
    END AS exchanged_from
FROM (
    SELECT * FROM todays_lines
    UNION ALL
    SELECT * FROM carried_lines
) AS l
INNER JOIN archives AS a ON a.archive_id = l.archive_id
