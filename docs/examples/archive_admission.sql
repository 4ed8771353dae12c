-- Archives refused in the last week, and why
SELECT seen_at, source, settlement_date, file_name, reason, detail
FROM recon.archive_admission
WHERE verdict = 'rejected' AND seen_at > now() - INTERVAL '7 days'
ORDER BY seen_at DESC;
