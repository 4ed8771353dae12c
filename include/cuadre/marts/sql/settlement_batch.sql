-- Each batch three ways: the sum of its lines, what its payout line says, what the bank credited. Batches of earlier
-- days are there as long as the bank has not settled them, and on the day it does.
WITH bank AS (
    SELECT
        batch_date,
        batch_id,
        currency,
        MAX(status) AS status,
        SUM(applied) AS bank_amount,
        STRING_AGG(credit_id, ', ' ORDER BY credit_id) AS credit_id,
        MAX(value_date) AS value_date
    FROM bank_matches
    GROUP BY batch_date, batch_id, currency
),

known AS (
    SELECT d.settlement_date AS batch_date, b.batch_id, b.currency, b.lines, b.gross, b.fee, b.tax, b.net, b.payout
    FROM batches AS b
    CROSS JOIN day AS d
    UNION ALL
    SELECT DISTINCT m.batch_date, m.batch_id, m.currency, m.lines, m.gross, m.fee, m.tax, m.net, m.payout
    FROM bank_matches AS m
    INNER JOIN day AS d ON m.batch_date < d.settlement_date
)

SELECT
    d.source,
    d.settlement_date,
    b.batch_date,
    b.batch_id,
    b.currency,
    CASE
        WHEN b.payout IS NULL THEN 'payout_missing'
        WHEN b.payout <> b.net THEN 'payout_differs'
        ELSE COALESCE(k.status, 'balanced')
    END AS status,
    b.lines,
    b.gross,
    b.fee,
    b.tax,
    b.net,
    b.payout,
    k.bank_amount,
    k.credit_id,
    k.value_date
FROM known AS b
CROSS JOIN day AS d
LEFT JOIN bank AS k
    ON k.batch_date = b.batch_date AND k.batch_id = b.batch_id AND k.currency = b.currency
