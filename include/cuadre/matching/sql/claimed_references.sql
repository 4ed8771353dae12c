-- Orders that lines of earlier days cleared, by the provider's reference of the line where a return names that: the
-- order itself may never have learned it.
SELECT DISTINCT
    c.order_id,
    c.psp_reference AS reference
FROM earlier_claims AS c
WHERE c.line_type = 'PAYMENT'
    AND c.psp_reference IN (SELECT reference FROM return_references)
