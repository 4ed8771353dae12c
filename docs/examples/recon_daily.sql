-- The last thirty days: match rate by count and by money, and what stayed unreconciled
SELECT settlement_date, currency, matchable, match_rate_count, match_rate_money, breaks, unreconciled
FROM recon.recon_daily
WHERE source = 'pagoefectivo_pe' AND settlement_date > CURRENT_DATE - 30
ORDER BY settlement_date DESC, currency;
