-- Orders that lines of earlier days cleared, by the provider's reference of the line where a return names that: the
-- order itself may never have learned it.
SELECT DISTINCT
    order_id,
    psp_reference AS reference
FROM earlier_payments
WHERE order_id IS NOT NULL
    AND psp_reference IN (SELECT reference FROM return_references)
