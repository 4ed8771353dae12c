-- All claims there are, each once: those that were given, and those of the outcomes of earlier days. Blank references
-- are NULL.
SELECT DISTINCT
    order_id,
    archive_id,
    line_no,
    settlement_date,
    line_type,
    currency,
    gross,
    order_currency,
    order_amount,
    FILLED(psp_reference) AS psp_reference,
    FILLED(operation_reference) AS operation_reference,
    occurred_at,
    FILLED(merchant_reference) AS merchant_reference,
    FILLED(original_reference) AS original_reference
FROM given_claims
UNION ALL
SELECT *
FROM outcome_claims
