-- The contract against what was charged. The contract's tax is its share of the fee CHARGED, so that a wrong fee is
-- not counted twice. Payments no plan covers add nothing to the contract and do not deviate.
SELECT
    d.source,
    d.settlement_date,
    p.currency,
    COALESCE(p.channel, '-') AS channel,
    COUNT(*) AS payments,
    COUNT(*) FILTER (WHERE p.fee <> p.fee_contract OR p.tax <> p.tax_contract) AS deviating,
    SUM(p.gross) AS gross,
    SUM(COALESCE(p.fee_contract, 0)) AS fee_contract,
    SUM(p.fee) AS fee_charged,
    SUM(COALESCE(p.tax_contract, 0)) AS tax_contract,
    SUM(p.tax) AS tax_charged
FROM priced AS p
CROSS JOIN day AS d
GROUP BY d.source, d.settlement_date, p.currency, COALESCE(p.channel, '-')
