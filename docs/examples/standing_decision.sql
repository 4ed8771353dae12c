-- What waits for a second person, the most money first
SELECT decision_id, source, item_id, kind, currency, amount, decided_by, reason
FROM recon.standing_decision WHERE NOT counts ORDER BY amount DESC;
