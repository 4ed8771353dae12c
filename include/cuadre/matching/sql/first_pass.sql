-- The whole day once, over few columns: payment lines beside the orders with their psp_reference. A pair is `clean`
-- when there is nothing at all to say about it; whatever is not clean is looked at again, with all its columns, by the
-- passes proper (candidates.sql), so that only of clean pairs is kept what their outcome says of the line. Lateness is
-- judged here for today's lines only: orders due at `due_from` or after it are in time. `awaited` marks orders that took
-- money, so that a settlement is expected.
WITH judged AS (
    SELECT
        l.line_key,
        o.order_id,
        COALESCE(l.currency, o.currency) AS currency,
        COALESCE(l.gross, o.amount) AS amount,
        l.psp_reference,
        l.operation_reference,
        l.occurred_at,
        COALESCE(
            l.gross = o.amount
            AND l.currency = o.currency
            AND o.status IN (${taken})
            AND COALESCE(l.merchant_reference = o.order_id, TRUE)
            AND ${same_channel}
            AND l.settlement_date = ${settlement_date}
            AND COALESCE(o.due_at >= ${due_from}, TRUE)
            AND COALESCE(l.fee = ${contract_fee}, TRUE)
            AND COALESCE(l.tax = ${contract_tax}, TRUE),
            FALSE
        ) AS clean,
        COALESCE(o.status IN (${taken}), FALSE) AS awaited
    FROM (SELECT * FROM lines WHERE line_type = 'PAYMENT') AS l
    FULL OUTER JOIN orders AS o ON l.psp_reference = o.psp_reference
)

SELECT
    line_key,
    order_id,
    currency,
    amount,
    clean,
    awaited,
    CASE WHEN clean THEN psp_reference END AS psp_reference,
    CASE WHEN clean THEN operation_reference END AS operation_reference,
    CASE WHEN clean THEN occurred_at END AS occurred_at
FROM judged
