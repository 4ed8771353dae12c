-- What is open now, oldest first
SELECT opened_at, source, settlement_date, kind, cause, count, money, runbook
FROM recon.incident
WHERE state = 'open'
ORDER BY opened_at;
