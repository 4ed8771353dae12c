-- Expectations that failed most often this month
SELECT check_name, severity, count(*) AS days, sum(unexpected) AS lines
FROM recon.check_result
WHERE NOT success AND settlement_date >= date_trunc('month', CURRENT_DATE)
GROUP BY check_name, severity
ORDER BY severity, days DESC;
