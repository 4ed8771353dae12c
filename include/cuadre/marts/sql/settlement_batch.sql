-- Each batch three ways: the sum of its lines, what its payout line says, what the bank credited with its reference.
-- Several credits of one batch are added up and named together; a source without a bank table is not compared.
WITH batches AS (
    SELECT
        batch_id,
        currency,
        COUNT(*) FILTER (WHERE line_type <> 'PAYOUT') AS lines,
        SUM(CASE WHEN line_type <> 'PAYOUT' THEN gross ELSE 0 END) AS gross,
        SUM(CASE WHEN line_type <> 'PAYOUT' THEN fee ELSE 0 END) AS fee,
        SUM(CASE WHEN line_type <> 'PAYOUT' THEN tax ELSE 0 END) AS tax,
        SUM(CASE WHEN line_type <> 'PAYOUT' THEN net ELSE 0 END) AS net,
        -SUM(net) FILTER (WHERE line_type = 'PAYOUT') AS payout
    FROM lines
    GROUP BY batch_id, currency
),

credits AS (
    SELECT
        reference,
        currency,
        SUM(amount) AS bank_amount,
        STRING_AGG(credit_id, ', ' ORDER BY credit_id) AS credit_id,
        MAX(value_date) AS value_date
    FROM bank_credits
    GROUP BY reference, currency
)

SELECT
    d.source,
    d.settlement_date,
    COALESCE(b.batch_id, '-') AS batch_id,
    b.currency,
    CASE
        WHEN b.payout IS NULL THEN 'payout_missing'
        WHEN b.payout <> b.net THEN 'payout_differs'
        WHEN NOT d.compares_bank THEN 'balanced'
        WHEN c.bank_amount IS NULL THEN 'bank_missing'
        WHEN c.bank_amount <> b.payout THEN 'bank_differs'
        ELSE 'balanced'
    END AS status,
    b.lines,
    b.gross,
    b.fee,
    b.tax,
    b.net,
    b.payout,
    c.bank_amount,
    c.credit_id,
    c.value_date
FROM batches AS b
CROSS JOIN day AS d
LEFT JOIN credits AS c ON c.reference = b.batch_id AND c.currency = b.currency
