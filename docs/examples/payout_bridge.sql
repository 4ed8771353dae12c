-- One day's walk from gross to the bank, all its batches together
SELECT currency, step_no, step, sum(amount) AS amount, sum(total) AS total
FROM recon.payout_bridge
WHERE source = 'pagoefectivo_pe' AND settlement_date = DATE '2026-03-04' AND batch_date = settlement_date
GROUP BY currency, step_no, step
ORDER BY currency, step_no;
