-- From gross to the bank, step by step. What an amount does not explain is an amount of its own, never left out: `net`
-- and `payout` take up the difference to what is said of them, and `unexplained` ends every walk at 0.
-- Without bank credits to compare with, the walk ends at the payout.
WITH steps (step_no, step) AS (
    VALUES
    (0, 'carried'), (1, 'gross'), (2, 'fees'), (3, 'tax'), (4, 'refunds'), (5, 'reversals'), (6, 'chargebacks'),
    (7, 'chargeback_reversals'), (8, 'adjustments'), (9, 'rounding'), (10, 'net'), (11, 'payout'), (12, 'bank'),
    (13, 'unexplained')
),

bank AS (
    SELECT batch_date, batch_id, currency, MAX(owed) AS owed, COALESCE(SUM(applied), 0) AS credited
    FROM bank_matches
    GROUP BY batch_date, batch_id, currency
),

explained AS (
    SELECT
        *,
        payments - fee - tax + refunds + reversals + chargebacks + chargeback_reversals + adjustments + roundings
            AS of_lines
    FROM batches
),

amounts AS (
    SELECT
        d.settlement_date AS batch_date,
        b.batch_id,
        b.currency,
        s.step_no,
        s.step,
        CASE s.step
            WHEN 'gross' THEN b.payments
            WHEN 'fees' THEN -b.fee
            WHEN 'tax' THEN -b.tax
            WHEN 'refunds' THEN b.refunds
            WHEN 'reversals' THEN b.reversals
            WHEN 'chargebacks' THEN b.chargebacks
            WHEN 'chargeback_reversals' THEN b.chargeback_reversals
            WHEN 'adjustments' THEN b.adjustments
            WHEN 'rounding' THEN b.roundings
            WHEN 'net' THEN b.net - b.of_lines
            WHEN 'payout' THEN b.owed - b.net
            WHEN 'bank' THEN -k.credited
            WHEN 'unexplained' THEN k.credited - b.owed
        END AS amount
    FROM explained AS b
    CROSS JOIN day AS d
    CROSS JOIN steps AS s
    LEFT JOIN bank AS k
        ON k.batch_date = d.settlement_date AND k.batch_id = b.batch_id AND k.currency = b.currency
    WHERE s.step <> 'carried'
    UNION ALL
    SELECT
        k.batch_date,
        k.batch_id,
        k.currency,
        s.step_no,
        s.step,
        CASE s.step WHEN 'carried' THEN k.owed WHEN 'bank' THEN -k.credited ELSE k.credited - k.owed END AS amount
    FROM bank AS k
    INNER JOIN day AS d ON k.batch_date < d.settlement_date
    CROSS JOIN steps AS s
    WHERE s.step IN ('carried', 'bank', 'unexplained')
)

SELECT
    d.source,
    d.settlement_date,
    a.batch_date,
    a.batch_id,
    a.currency,
    a.step_no,
    a.step,
    a.amount,
    SUM(a.amount) OVER (PARTITION BY a.batch_date, a.batch_id, a.currency ORDER BY a.step_no) AS total
FROM amounts AS a
CROSS JOIN day AS d
WHERE a.amount IS NOT NULL
