-- Payment lines without the provider's reference, that tell of an operation by its number.
SELECT
    line_key,
    archive_id,
    line_no,
    merchant_reference,
    operation_reference,
    occurred_at,
    currency,
    gross
FROM lines
WHERE line_type = 'PAYMENT' AND psp_reference IS NULL AND operation_reference IS NOT NULL
