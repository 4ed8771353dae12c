-- One outcome, with the columns of its line: today's, or one carried over from an earlier day.
-- Lines are held in memory while outcomes pass by: as a number, an archive takes a byte or two of it instead of 80.
SELECT
    j.source,
    j.settlement_date,
    j.item_id,
    j.outcome,
    j.reasons_json AS reasons,
    j.archive_id,
    j.line_no,
    l.line_type,
    l.batch_id,
    j.order_id,
    COALESCE(l.psp_reference, o.psp_reference) AS psp_reference,
    l.operation_reference,
    l.merchant_reference,
    j.currency,
    j.expected,
    j.got,
    j.delta,
    l.fee,
    l.tax,
    l.net,
    l.occurred_at,
    j.pass,
    j.first_seen,
    j.age_days
FROM judged AS j
CROSS JOIN day AS d
LEFT JOIN all_lines AS l
    ON CAST(l.archive_id AS ARCHIVE) = TRY_CAST(j.archive_id AS ARCHIVE) AND l.line_no = j.line_no
LEFT JOIN (SELECT item_id, "order".psp_reference AS psp_reference FROM left_open WHERE line IS NULL) AS o
    ON o.item_id = j.item_id
WHERE d.publishes_all OR j.is_break
