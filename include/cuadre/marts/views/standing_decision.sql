-- Decisions that settle an item and are not void. Nobody approves his own, whatever a row says.
SELECT
    d.decision_id,
    d.source,
    d.item_id,
    d.kind,
    d.reason,
    d.linked_to,
    d.outcome,
    d.currency,
    d.expected,
    d.got,
    d.delta,
    d.amount,
    d.needs_second,
    d.decided_by,
    d.decided_at,
    a.decided_by AS approved_by,
    a.decided_at AS approved_at,
    (NOT d.needs_second OR a.decision_id IS NOT NULL) AS counts
FROM recon.decision AS d
LEFT JOIN LATERAL (
    SELECT y.decision_id, y.decided_by, y.decided_at
    FROM recon.decision AS y
    WHERE y.kind = 'approve' AND y.refers_to = d.decision_id AND y.decided_by <> d.decided_by
        AND NOT EXISTS (SELECT FROM recon.decision AS v WHERE v.kind = 'void' AND v.refers_to = y.decision_id)
    ORDER BY y.decided_at, y.decision_id
    LIMIT 1
) AS a ON TRUE
WHERE d.kind IN ('accept', 'write_off', 'link')
    AND NOT EXISTS (SELECT FROM recon.decision AS v WHERE v.kind = 'void' AND v.refers_to = d.decision_id)
