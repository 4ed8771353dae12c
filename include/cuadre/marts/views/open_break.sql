-- Open breaks. A decision is about the content it was made on: one that fits and counts goes before one that waits, and
-- that before one whose item has changed since.
SELECT
    b.source,
    b.item_id,
    b.settlement_date,
    b.outcome,
    b.reasons,
    b.archive_id,
    b.line_no,
    b.order_id,
    b.psp_reference,
    b.merchant_reference,
    b.batch_id,
    b.currency,
    b.expected,
    b.got,
    b.delta,
    b.at_risk,
    b.first_seen,
    (latest.day - b.first_seen)::BIGINT AS age_days,
    CASE
        WHEN latest.day - b.first_seen <= 1 THEN '0-1'
        WHEN latest.day - b.first_seen <= 3 THEN '2-3'
        WHEN latest.day - b.first_seen <= 7 THEN '4-7'
        WHEN latest.day - b.first_seen <= 30 THEN '8-30'
        ELSE 'over 30'
    END AS age_bucket,
    r.cause AS reopened_by,
    CASE
        WHEN s.decision_id IS NULL THEN 'undecided'
        WHEN NOT s.fits THEN 'reopened'
        WHEN s.counts THEN 'settled'
        ELSE 'waiting'
    END AS state,
    CASE WHEN s.fits AND s.counts THEN 0 ELSE b.at_risk END::NUMERIC(24, 6) AS unreconciled,
    CASE
        WHEN NOT s.fits THEN CONCAT_WS(
            '; ',
            CASE WHEN s.outcome <> b.outcome THEN 'outcome was ' || s.outcome || ', is ' || b.outcome END,
            CASE WHEN s.currency <> b.currency THEN 'currency was ' || s.currency || ', is ' || b.currency END,
            CASE WHEN s.expected IS DISTINCT FROM b.expected
                THEN 'expected was ' || COALESCE(s.expected::TEXT, 'nothing') || ', is '
                    || COALESCE(b.expected::TEXT, 'nothing') END,
            CASE WHEN s.got IS DISTINCT FROM b.got
                THEN 'got was ' || COALESCE(s.got::TEXT, 'nothing') || ', is ' || COALESCE(b.got::TEXT, 'nothing') END,
            CASE WHEN s.delta IS DISTINCT FROM b.delta
                THEN 'delta was ' || COALESCE(s.delta::TEXT, 'nothing') || ', is '
                    || COALESCE(b.delta::TEXT, 'nothing') END
        )
    END AS reopened_because,
    s.decision_id,
    s.kind AS decision,
    s.reason AS decision_reason,
    s.linked_to,
    s.decided_by,
    s.decided_at,
    s.approved_by,
    s.approved_at,
    g.assignee,
    GREATEST(b.known_from, s.decided_at, s.approved_at, g.decided_at) AS last_change
FROM recon.recon_break AS b
LEFT JOIN (
    SELECT r.source, MAX(r.settlement_date) AS day FROM recon.run_receipt AS r GROUP BY r.source
) AS latest ON latest.source = b.source
LEFT JOIN LATERAL (
    SELECT
        d.*,
        ${fits} AS fits
    FROM recon.standing_decision AS d
    WHERE d.source = b.source AND d.item_id = b.item_id
    ORDER BY fits DESC, d.counts DESC, d.decided_at DESC, d.decision_id
    LIMIT 1
) AS s ON TRUE
LEFT JOIN LATERAL (
    SELECT p.cause
    FROM recon.reopening AS p
    WHERE p.source = b.source AND p.item_id = b.item_id
    ORDER BY p.reopened_at DESC
    LIMIT 1
) AS r ON TRUE
LEFT JOIN LATERAL (
    SELECT d.assignee, d.decided_at
    FROM recon.decision AS d
    WHERE d.source = b.source AND d.item_id = b.item_id AND d.kind = 'assign'
        AND NOT EXISTS (SELECT FROM recon.decision AS v WHERE v.kind = 'void' AND v.refers_to = d.decision_id)
    ORDER BY d.decided_at DESC, d.decision_id
    LIMIT 1
) AS g ON TRUE
WHERE b.status = 'open'
