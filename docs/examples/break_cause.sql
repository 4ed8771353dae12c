-- What the latest day's new breaks have in common, the most telling first
SELECT dimension, value, share, base_share, lift, sum(breaks) AS breaks,
       string_agg(currency || ' ' || round(at_risk, 2), ', ' ORDER BY currency) AS at_risk
FROM recon.break_cause
WHERE scope = 'new' AND outcome = 'any' AND lift >= 2
  AND settlement_date = (SELECT max(settlement_date) FROM recon.break_cause)
GROUP BY dimension, value, share, base_share, lift
ORDER BY share - base_share DESC;
