-- Where each return looks for its original: original_reference when the line has one, else its own references, the
-- provider's before the merchant's.
SELECT line_key, 1 AS attempt, original_reference AS reference
FROM rest_lines
WHERE line_type IN (${returns}) AND original_reference IS NOT NULL
UNION ALL
SELECT line_key, 1 AS attempt, psp_reference AS reference
FROM rest_lines
WHERE line_type IN (${returns}) AND original_reference IS NULL AND psp_reference IS NOT NULL
UNION ALL
SELECT line_key, 2 AS attempt, merchant_reference AS reference
FROM rest_lines
WHERE line_type IN (${returns}) AND original_reference IS NULL AND merchant_reference IS NOT NULL
