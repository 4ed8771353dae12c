-- How many payment lines of the second look tell of the same operation as each of them that names anything, and how
-- many of the same part of it: the same amount. They have what the payment is called by and the operation number in common;
-- where one lacks the number, the moment and the amount instead of it; where one lacks the provider's reference, the
-- number, the moment and the amount.
WITH called AS (
    SELECT
        line_key,
        COALESCE(psp_reference, merchant_reference, operation_reference) AS payment,
        psp_reference,
        operation_reference,
        currency,
        gross,
        occurred_at
    FROM rest_lines
    WHERE line_type = 'PAYMENT'
        AND (
            psp_reference IS NOT NULL
            OR merchant_reference IS NOT NULL
            OR operation_reference IN (SELECT psp_reference FROM rest_orders)
        )
),

counted AS (
    SELECT
        line_key,
        psp_reference IS NULL AS nameless,
        operation_reference IS NULL AS numberless,
        COUNT(*) OVER (PARTITION BY payment, operation_reference) AS of_operation,
        COUNT(*) OVER (PARTITION BY payment, operation_reference, currency, gross) AS of_part,
        COUNT(*) OVER same_moment AS of_moment,
        COUNT(*) FILTER (operation_reference IS NULL) OVER same_moment AS numberless_ones,
        COUNT(*) OVER same_number AS of_number,
        COUNT(*) FILTER (psp_reference IS NULL) OVER same_number AS nameless_ones
    FROM called
    WINDOW
        same_moment AS (PARTITION BY payment, currency, gross, occurred_at),
        same_number AS (PARTITION BY operation_reference, currency, gross, occurred_at)
)

SELECT
    line_key,
    CASE
        WHEN numberless THEN of_moment
        WHEN nameless THEN GREATEST(of_operation + numberless_ones, of_number)
        ELSE of_operation + numberless_ones + nameless_ones
    END AS lines_of_operation,
    CASE
        WHEN numberless THEN of_moment
        WHEN nameless THEN GREATEST(of_part + numberless_ones, of_number)
        ELSE of_part + numberless_ones + nameless_ones
    END AS lines_of_part
FROM counted
