-- Returns of earlier days whose payment had no order then. They are looked up again by what they name, as today's are,
-- since the payment may have got its order by now; their keys are below those of lines. One that is in play today,
-- because it came up again, is among today's.
SELECT
    -ROW_NUMBER() OVER (ORDER BY c.archive_id, c.line_no) AS line_key,
    c.line_type,
    c.currency,
    c.gross,
    FILLED(c.psp_reference) AS psp_reference,
    FILLED(c.merchant_reference) AS merchant_reference,
    FILLED(c.original_reference) AS original_reference
FROM earlier_claims AS c
WHERE c.order_id IS NULL
    AND c.line_type IN (${returns})
    AND NOT EXISTS (SELECT 1 FROM rest_lines AS l WHERE l.archive_id = c.archive_id AND l.line_no = c.line_no)
