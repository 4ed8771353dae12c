-- Everything known of one payment, by any of its references
SELECT settlement_date, outcome, reasons, expected, got, delta, currency
FROM recon.recon_line
WHERE '24001234' IN (psp_reference, operation_reference, merchant_reference, order_id)
ORDER BY settlement_date;
