-- Batches whose lines, payout and bank credit do not agree
SELECT settlement_date, batch_id, currency, status, net, payout, bank_amount
FROM recon.settlement_batch
WHERE status <> 'balanced'
ORDER BY settlement_date DESC, batch_id;
