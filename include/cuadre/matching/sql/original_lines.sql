-- Payment lines a return may refer to.
SELECT
    line_key,
    psp_reference,
    currency,
    gross
FROM lines
WHERE line_type = 'PAYMENT' AND psp_reference IN (SELECT reference FROM return_references)
