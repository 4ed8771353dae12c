-- Lines without an order that most probably mean one, with the evidence
SELECT item_id, order_id, score, currency, got, expected, reasons
FROM recon.recon_suggestion
WHERE choice = 1 AND settlement_date = (SELECT max(settlement_date) FROM recon.recon_suggestion)
ORDER BY score DESC, got DESC LIMIT 50;
