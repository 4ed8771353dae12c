-- What the bank owes an answer for, oldest first, with what else would fit
SELECT batch_date, batch_id, currency, status, reason, owed, credit_id, credited, applied, candidates
FROM recon.bank_match
WHERE source = 'pagoefectivo_pe' AND status <> 'balanced'
  AND settlement_date = (SELECT max(settlement_date) FROM recon.recon_daily WHERE source = 'pagoefectivo_pe')
ORDER BY batch_date, batch_id, currency;
