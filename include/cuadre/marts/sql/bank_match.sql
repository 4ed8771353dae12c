-- How each batch stands at the bank, credit by credit.
SELECT
    source,
    settlement_date,
    batch_date,
    batch_id,
    currency,
    status,
    reason,
    method,
    COALESCE(credit_id, '-') AS credit_id,
    value_date,
    owed,
    credited,
    applied,
    candidates
FROM bank_matches
