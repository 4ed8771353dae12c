-- Open lines no order was chosen for, the youngest first, and no more of them than can be looked at in seconds.
SELECT
    i.item_id,
    l.currency,
    l.gross,
    ABS(l.gross) AS amount,
    l.occurred_at AS paid_at,
    l.psp_reference,
    l.merchant_reference,
    l.original_reference
FROM items AS i
INNER JOIN rest_lines AS l ON l.line_key = i.line_key
WHERE i.outcome IN ('missing_in_orders', 'ambiguous', 'unlinked')
ORDER BY i.first_seen DESC, i.item_id
LIMIT ${most}
