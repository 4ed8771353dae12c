-- What is still unreconciled, by age and whoever looks after it
SELECT source, currency, age_bucket, assignee, state, count(*) AS breaks, sum(unreconciled) AS unreconciled
FROM recon.open_break
GROUP BY source, currency, age_bucket, assignee, state
ORDER BY unreconciled DESC;
