-- Refunds, reversals, chargebacks and reversed chargebacks against their originals. What was given back counts
-- together for one original, in its own currency, with what earlier days gave back. A reversed chargeback takes back
-- what a chargeback gave, and no more: beyond that it is money nobody is owed, and makes no room for other returns.
-- Money that goes the other way than the type of its line says is a break, and makes no room either. Lines of one
-- amount and one operation, or where one of them has no number for it of one moment, are one return that came several
-- times, on one day or over days.
WITH earlier AS (
    SELECT
        order_id,
        line_reference,
        currency,
        SUM(ABS(gross)) FILTER (line_type <> 'CHARGEBACK_REVERSAL') AS given_back,
        SUM(-gross) FILTER (line_type = 'CHARGEBACK' AND gross < 0) AS charged_back,
        SUM(gross) FILTER (line_type = 'CHARGEBACK_REVERSAL' AND gross > 0) AS won_back
    FROM earlier_returns
    GROUP BY order_id, line_reference, currency
),

linked AS (
    SELECT
        l.line_key,
        l.line_type,
        l.currency,
        l.gross,
        l.operation_reference,
        l.occurred_at AS moment,
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
        f.line_reference,
        f.status,
        f.amount AS paid,
        f.currency AS paid_currency,
        f.paid_in,
        CASE WHEN l.line_type = 'CHARGEBACK_REVERSAL' THEN l.gross < 0 ELSE l.gross > 0 END AS turned
    FROM rest_lines AS l
    LEFT JOIN originals AS f ON f.line_key = l.line_key
    WHERE l.line_type IN (${returns})
),

earlier_copies AS (
    SELECT
        l.line_key,
        COUNT(*) AS copies
    FROM linked AS l
    INNER JOIN earlier_returns AS c
        ON c.order_id IS NOT DISTINCT FROM l.order_id
        AND c.line_reference IS NOT DISTINCT FROM l.line_reference
        AND c.line_type = l.line_type
        AND c.currency = l.currency
        AND c.gross = l.gross
    WHERE c.operation_reference = l.operation_reference
        OR ((c.operation_reference IS NULL OR l.operation_reference IS NULL) AND c.moment = l.moment)
    GROUP BY l.line_key
),

repeated AS (
    SELECT
        l.*,
        l.found AND NOT l.several_orders AND l.currency = l.paid_currency AS in_paid_currency,
        c.copies AS copied_before
    FROM linked AS l
    LEFT JOIN earlier_copies AS c ON c.line_key = l.line_key
),

summed AS (
    SELECT
        l.*,
        COALESCE(e.given_back, 0)
            + COALESCE(
                SUM(ABS(gross)) FILTER (in_paid_currency AND line_type <> 'CHARGEBACK_REVERSAL') OVER original, 0
            )
            AS given_back,
        COALESCE(e.charged_back, 0)
            + COALESCE(
                SUM(-gross) FILTER (in_paid_currency AND line_type = 'CHARGEBACK' AND NOT turned) OVER original, 0
            )
            AS charged_back,
        COALESCE(e.won_back, 0)
            + COALESCE(
                SUM(gross) FILTER (in_paid_currency AND NOT turned AND line_type = 'CHARGEBACK_REVERSAL')
                    OVER original,
                0
            )
            AS won_back,
        CASE
            WHEN found AND NOT several_orders
                THEN CASE
                    WHEN l.operation_reference IS NULL THEN COUNT(*) OVER same_moment
                    ELSE COUNT(*) OVER same_operation + COUNT(*) FILTER (l.operation_reference IS NULL) OVER same_moment
                END + COALESCE(l.copied_before, 0)
        END AS copies
    FROM repeated AS l
    LEFT JOIN earlier AS e
        ON e.order_id IS NOT DISTINCT FROM l.order_id
        AND e.line_reference IS NOT DISTINCT FROM l.line_reference
        AND e.currency = l.paid_currency
    WINDOW
        original AS (PARTITION BY l.found, l.several_orders, l.order_id, l.line_reference),
        same_operation AS (
            PARTITION BY
                l.found, l.several_orders, l.order_id, l.line_reference, l.line_type, l.currency, l.gross,
                l.operation_reference
        ),
        same_moment AS (
            PARTITION BY
                l.found, l.several_orders, l.order_id, l.line_reference, l.line_type, l.currency, l.gross, l.moment
        )
),

bounded AS (
    SELECT
        *,
        in_paid_currency AND line_type = 'CHARGEBACK_REVERSAL' AND won_back > charged_back AS exceeds_charged,
        given_back - LEAST(won_back, charged_back) AS kept_back
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
        WHEN copies > 1 THEN 'duplicate'
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
