-- Returns of earlier days whose payment had no order then. They are looked up again by what they name, as today's are,
-- since the payment may have got its order by now; their keys are below those of lines.
SELECT
    -ROW_NUMBER() OVER (ORDER BY archive_id, line_no) AS line_key,
    line_type,
    currency,
    gross,
    psp_reference,
    operation_reference,
    moment,
    merchant_reference,
    original_reference
FROM given_back
WHERE order_id IS NULL
