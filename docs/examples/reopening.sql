-- Items that came open again in the last 30 days, by what, and what they still leave open
SELECT r.reopened_at, r.cause, r.item_id, r.settlement_date, r.cleared_as, r.replaced_by, b.outcome, b.currency, b.unreconciled
FROM recon.reopening AS r
LEFT JOIN recon.open_break AS b ON b.source = r.source AND b.item_id = r.item_id
WHERE r.reopened_at >= CURRENT_DATE - 30
ORDER BY r.reopened_at DESC;
