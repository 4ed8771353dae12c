-- Which transactions are in a batch, with what became of each: lines of the archives of its day
SELECT b.batch_id, b.status, b.net AS batch_net, l.line_type, l.psp_reference, l.order_id, l.outcome,
       l.got AS gross, l.fee, l.tax, l.net
FROM recon.settlement_batch AS b
JOIN recon.archive_admission AS a ON a.source = b.source AND a.settlement_date = b.batch_date AND a.verdict = 'admitted'
JOIN recon.recon_line AS l
  ON l.source = b.source AND l.settlement_date = b.batch_date AND l.archive_id = a.archive_id
  AND coalesce(l.batch_id, '-') = b.batch_id AND l.currency = b.currency
WHERE b.batch_id = 'B20260304-01' AND b.settlement_date = b.batch_date
ORDER BY l.archive_id, l.line_no;
