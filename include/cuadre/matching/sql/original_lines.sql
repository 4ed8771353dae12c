-- Payment lines a return may refer to; cleared ones are known by their order.
SELECT
    line_key,
    psp_reference,
    currency,
    gross
FROM rest_lines
WHERE line_type = 'PAYMENT' AND psp_reference IN (SELECT reference FROM return_references)
