-- What is open, by cause and age, the most money first
SELECT outcome, currency,
       CASE WHEN age <= 1 THEN '0-1' WHEN age <= 3 THEN '2-3' WHEN age <= 7 THEN '4-7' WHEN age <= 30 THEN '8-30'
            ELSE 'over 30' END AS days_open,
       count(*) AS items, sum(at_risk) AS at_risk
FROM (SELECT outcome, currency, at_risk, CURRENT_DATE - first_seen AS age
      FROM recon.recon_break WHERE status = 'open') AS aged
GROUP BY outcome, currency, days_open
ORDER BY at_risk DESC;
