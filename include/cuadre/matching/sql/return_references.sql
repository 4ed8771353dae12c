-- Where each return looks for its original: original_reference when the line has one, else its own references, the
-- provider's before the merchant's.
WITH looking AS (
    SELECT line_key, psp_reference, merchant_reference, original_reference
    FROM rest_lines
    WHERE line_type IN (${returns})
    UNION ALL
    SELECT line_key, psp_reference, merchant_reference, original_reference
    FROM lone_returns
)

SELECT line_key, 1 AS attempt, original_reference AS reference
FROM looking
WHERE original_reference IS NOT NULL
UNION ALL
SELECT line_key, 1 AS attempt, psp_reference AS reference
FROM looking
WHERE original_reference IS NULL AND psp_reference IS NOT NULL
UNION ALL
SELECT line_key, 2 AS attempt, merchant_reference AS reference
FROM looking
WHERE original_reference IS NULL AND merchant_reference IS NOT NULL
