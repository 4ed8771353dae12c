-- One row for each line and for each due or pending order without a line, in the order of the file. A pair that was
-- plainly cleared is the same in most columns; these are filled in after sorting, and what was decided of the other
-- rows travels as one column, so that little is moved. Nothing but projections may stand above the
-- sorted rows, or their order is lost.
SELECT
    ${source} AS source,
    ${settlement_date} AS settlement_date,
    CASE WHEN i.decided IS NULL THEN 'matched' ELSE i.decided.outcome END AS outcome,
    CASE WHEN i.decided IS NULL THEN NO_REASONS() ELSE i.decided.reasons END AS reasons,
    LIST_EXTRACT(${archive_ids}, i.line_key // ${line_room}) AS archive_id,
    i.line_key % ${line_room} AS line_no,
    CASE WHEN i.decided IS NULL THEN 'PAYMENT' ELSE i.decided.line_type END AS line_type,
    i.order_id,
    i.currency,
    CASE WHEN i.decided IS NULL THEN i.amount ELSE i.decided.expected END AS expected,
    CASE WHEN i.decided IS NULL THEN i.amount ELSE i.decided.got END AS got,
    CASE WHEN i.decided IS NULL THEN 0 ELSE i.decided.delta END AS delta,
    CASE WHEN i.decided IS NULL THEN 'psp_reference' ELSE i.decided.pass END AS pass,
    COALESCE(i.decided.first_seen, ${settlement_date}) AS first_seen,
    CAST(${settlement_date} - COALESCE(i.decided.first_seen, ${settlement_date}) AS BIGINT) AS age_days,
    CASE WHEN i.decided IS NULL THEN CONCAT('order:', i.order_id) ELSE i.decided.item_id END AS item_id,
    i.psp_reference,
    i.operation_reference,
    i.occurred_at,
    i.decided.merchant_reference,
    i.decided.original_reference,
    i.decided.order_currency,
    i.decided.order_amount
FROM (
    SELECT
        CASE WHEN place < ${after_lines} THEN place END AS line_key,
        order_id,
        currency,
        amount,
        psp_reference,
        operation_reference,
        occurred_at,
        LIST_EXTRACT(decided, 1) AS decided
    FROM (
        SELECT
            place, order_id, currency, NULL AS amount, psp_reference, operation_reference, occurred_at,
            [{
                'outcome': outcome, 'reasons': reasons, 'expected': expected, 'got': got, 'delta': delta, 'pass': pass,
                'line_type': line_type, 'item_id': item_id, 'first_seen': first_seen,
                'merchant_reference': merchant_reference, 'original_reference': original_reference,
                'order_currency': order_currency, 'order_amount': order_amount
            }] AS decided
        FROM items
        UNION ALL
        SELECT
            line_key AS place, order_id, currency, amount, psp_reference, operation_reference, occurred_at,
            NULL AS decided
        FROM cleared
        ORDER BY place
    ) AS sorted
) AS i
