-- What lines of earlier days cleared. Later days count for nothing, so that a day judged again finds what it found.
SELECT
    order_id,
    archive_id,
    line_no,
    settlement_date,
    currency,
    gross,
    order_currency,
    order_amount,
    psp_reference,
    operation_reference,
    occurred_at
FROM claims
WHERE line_type = 'PAYMENT' AND settlement_date < ${settlement_date}
