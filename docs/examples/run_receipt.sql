-- Days published more than once, with what each publication was made from
SELECT source, settlement_date, known_from, known_to, items, snapshot_hash, outcome_hash
FROM recon.run_receipt_history
WHERE (source, settlement_date) IN (
    SELECT source, settlement_date FROM recon.run_receipt_history GROUP BY source, settlement_date HAVING count(*) > 1)
ORDER BY source, settlement_date, known_from;
