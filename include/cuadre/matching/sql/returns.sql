-- Refunds, reversals, chargebacks and reversed chargebacks against their originals. What was given back counts
-- together for one original, in its own currency, with what earlier days gave back. A reversed chargeback takes back
-- what a chargeback gave, and no more: beyond that it is money nobody is owed, and makes no room for other returns.
-- Money that goes the other way than the type of its line says is a break, and makes no room either; nor does one that
-- exceeds. Lines of one operation, or where one of them has no number for it of one type, amount and moment, are one
-- return that came several times, on one day or over days: it is won back, or can be, once. What gives back
-- and what wins back are two, though they have one number, as that of a dispute.
WITH returned AS (
    SELECT
        l.line_key,
        f.order_id,
        f.line_reference,
        f.currency AS paid_currency,
        l.line_type,
        l.currency,
        l.gross,
        l.operation_reference,
        l.occurred_at AS moment
    FROM rest_lines AS l
    INNER JOIN originals AS f ON f.line_key = l.line_key AND f.orders <= 1
    UNION ALL
    SELECT
        NULL AS line_key, order_id, line_reference, NULL AS paid_currency,
        line_type, currency, gross, operation_reference, moment
    FROM earlier_returns
),

compared AS (
    SELECT
        *,
        currency = MAX(paid_currency) OVER (PARTITION BY order_id, line_reference) AS in_paid_currency,
        CASE WHEN line_type = 'CHARGEBACK_REVERSAL' THEN gross < 0 ELSE gross > 0 END AS turned,
        CASE
            WHEN operation_reference IS NULL THEN COUNT(*) OVER same_moment
            ELSE COUNT(*) OVER same_operation + COUNT(*) FILTER (operation_reference IS NULL) OVER same_moment
        END AS copies,
        CASE
            WHEN operation_reference IS NULL
                THEN COUNT(operation_reference) OVER same_moment = 0
                AND ROW_NUMBER() OVER (
                    PARTITION BY order_id, line_reference, line_type, currency, gross, moment
                    ORDER BY line_key
                ) = 1
            ELSE ROW_NUMBER() OVER (
                PARTITION BY order_id, line_reference, operation_reference, line_type, currency
                ORDER BY ABS(gross), line_key
            ) = 1
        END AS counts
    FROM returned
    WINDOW
        same_operation AS (
            PARTITION BY order_id, line_reference, operation_reference, line_type = 'CHARGEBACK_REVERSAL'
        ),
        same_moment AS (PARTITION BY order_id, line_reference, line_type, currency, gross, moment)
),

added AS (
    SELECT
        line_key,
        in_paid_currency,
        turned,
        copies,
        COALESCE(
            SUM(ABS(gross)) FILTER (in_paid_currency AND line_type <> 'CHARGEBACK_REVERSAL') OVER original, 0
        ) AS given_back,
        COALESCE(
            SUM(-gross) FILTER (in_paid_currency AND counts AND line_type = 'CHARGEBACK' AND NOT turned) OVER original,
            0
        ) AS charged_back,
        COALESCE(
            SUM(gross) FILTER (in_paid_currency AND counts AND line_type = 'CHARGEBACK_REVERSAL' AND NOT turned)
                OVER original,
            0
        ) AS won_back
    FROM compared
    WINDOW original AS (PARTITION BY order_id, line_reference)
),

summed AS (
    SELECT
        l.line_key,
        l.line_type,
        l.currency,
        l.gross,
        COALESCE(l.original_reference, l.psp_reference, l.merchant_reference) AS reference,
        CASE
            WHEN l.original_reference IS NOT NULL THEN 'original_reference'
            WHEN l.psp_reference IS NOT NULL THEN 'psp_reference'
            ELSE 'merchant_reference'
        END AS reference_field,
        f.line_key IS NOT NULL AS found,
        COALESCE(f.orders, 0) > 1 AS several_orders,
        f.order_id,
        f.order_ids,
        f.status,
        f.amount AS paid,
        f.currency AS paid_currency,
        f.paid_in,
        a.in_paid_currency,
        a.turned,
        a.copies,
        a.given_back,
        a.charged_back,
        a.won_back,
        b.given_back_on,
        l.settlement_date
    FROM rest_lines AS l
    LEFT JOIN originals AS f ON f.line_key = l.line_key
    LEFT JOIN added AS a ON a.line_key = l.line_key
    LEFT JOIN given_back_before AS b ON b.line_key = l.line_key
    WHERE l.line_type IN (${returns})
),

bounded AS (
    SELECT
        *,
        in_paid_currency AND line_type = 'CHARGEBACK_REVERSAL' AND won_back > charged_back AS exceeds_charged,
        given_back - CASE WHEN won_back > charged_back THEN 0 ELSE won_back END AS kept_back
    FROM summed
),

judged AS (
    SELECT
        *,
        found AND NOT several_orders AND (currency <> paid_currency OR currency <> paid_in) AS currency_differs,
        found AND NOT several_orders AND turned AS goes_wrong_way,
        exceeds_charged OR (in_paid_currency AND kept_back > paid) AS exceeds,
        CAST(CASE WHEN exceeds_charged THEN charged_back ELSE paid END AS DECIMAL(18, 6)) AS at_most,
        CAST(CASE WHEN exceeds_charged THEN won_back ELSE kept_back END AS DECIMAL(18, 6)) AS together,
        in_paid_currency AND kept_back >= paid
            AND COALESCE(status, '') = 'PAID' AND line_type <> 'CHARGEBACK_REVERSAL' AS status_differs
    FROM bounded
)

SELECT
    line_key,
    line_type,
    CASE WHEN NOT several_orders THEN order_id END AS order_id,
    currency,
    gross AS got,
    CASE WHEN exceeds THEN at_most - together WHEN goes_wrong_way THEN gross + gross END AS delta,
    CASE WHEN found AND NOT several_orders THEN 'original_reference' END AS pass,
    CASE
        WHEN NOT found THEN 'unlinked'
        WHEN several_orders THEN 'ambiguous'
        WHEN currency_differs THEN 'currency_mismatch'
        WHEN exceeds OR goes_wrong_way THEN 'amount_mismatch'
        WHEN copies > 1 OR given_back_on IS NOT NULL THEN 'duplicate'
        WHEN status_differs THEN 'status_mismatch'
        ELSE 'matched'
    END AS outcome,
    LIST_FILTER(
        [
            CASE WHEN NOT found THEN REASON('ORIGINAL_NOT_FOUND', reference_field, NULL, reference, NULL) END,
            CASE WHEN several_orders THEN REASON('SEVERAL_ORDERS', reference_field, NULL, order_ids, NULL) END,
            CASE
                WHEN currency_differs
                    THEN REASON(
                        'CURRENCY_DIFFERS', 'currency',
                        CASE WHEN currency = paid_currency THEN paid_in ELSE paid_currency END, currency, NULL
                    )
            END,
            CASE WHEN goes_wrong_way THEN REASON('AMOUNT_DIFFERS', 'gross', -gross, gross, gross + gross) END,
            CASE
                WHEN exceeds
                    THEN REASON('EXCEEDS_ORIGINAL', 'gross', at_most, together, at_most - together)
            END,
            CASE
                WHEN copies > 1 THEN REASON('CLAIMED_BY_SEVERAL_LINES', 'original_reference', 1, copies, NULL)
            END,
            CASE
                WHEN found AND given_back_on IS NOT NULL
                    THEN REASON('SETTLED_BEFORE', 'settlement_date', given_back_on, settlement_date, NULL)
            END,
            CASE
                WHEN status_differs
                    THEN REASON(
                        'STATUS_DIFFERS', 'status',
                        CASE WHEN line_type = 'REFUND' THEN 'REFUNDED' ELSE 'REVERSED' END, status, NULL
                    )
            END
        ],
        lambda reason: reason IS NOT NULL
    ) AS reasons
FROM judged
