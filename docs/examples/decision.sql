-- What was decided this month, by whom, over how much money, and whether somebody else agreed
SELECT d.decided_at, d.decided_by, d.kind, d.item_id, d.currency, d.amount, d.reason, s.approved_by, s.counts
FROM recon.decision AS d
LEFT JOIN recon.standing_decision AS s ON s.decision_id = d.decision_id
WHERE d.decided_at >= date_trunc('month', CURRENT_DATE)
ORDER BY d.decided_at;
