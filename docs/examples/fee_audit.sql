-- What the provider charged beyond the contract, by month
SELECT date_trunc('month', settlement_date) AS month, currency, sum(deviating) AS payments,
       sum(fee_charged - fee_contract) AS fee_over, sum(tax_charged - tax_contract) AS tax_over
FROM recon.fee_audit
GROUP BY month, currency
ORDER BY month DESC, currency;
