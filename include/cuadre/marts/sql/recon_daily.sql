-- Rates by count and by money, for every currency of the source: a day without lines has its row too.
-- A rate is cut after six decimals, never rounded up: 1 means that all of it matched.
WITH currencies AS (
    SELECT UNNEST(currencies) AS currency FROM day
    UNION
    SELECT currency FROM lines
    UNION
    SELECT currency FROM outcomes
),

taken AS (
    SELECT
        currency,
        COUNT(*) AS lines,
        SUM(CASE WHEN line_type <> 'PAYOUT' THEN gross ELSE 0 END) AS gross,
        SUM(fee) AS fee,
        SUM(tax) AS tax,
        SUM(CASE WHEN line_type <> 'PAYOUT' THEN net ELSE 0 END) AS net
    FROM lines
    GROUP BY currency
),

found AS (
    SELECT
        currency,
        COUNT(*) AS items,
        COUNT(*) FILTER (WHERE is_matchable) AS matchable,
        COUNT(*) FILTER (WHERE is_cleared) AS matched,
        COUNT(*) FILTER (WHERE outcome = 'matched_with_variance') AS variances,
        COUNT(*) FILTER (WHERE is_break) AS breaks,
        COUNT(*) FILTER (WHERE outcome = 'pending') AS pending,
        SUM(CASE WHEN is_cleared THEN ABS(got) ELSE 0 END) AS matched_money,
        SUM(CASE
            WHEN NOT is_matchable OR (outcome = 'ambiguous' AND archive_id IS NULL) THEN 0
            ELSE ABS(COALESCE(got, expected, 0))
        END) AS matchable_money,
        SUM(at_risk) AS unreconciled
    FROM judged
    GROUP BY currency
)

SELECT
    d.source,
    d.settlement_date,
    c.currency,
    COALESCE(t.lines, 0) AS lines,
    COALESCE(f.items, 0) AS items,
    COALESCE(f.matchable, 0) AS matchable,
    COALESCE(f.matched, 0) AS matched,
    COALESCE(f.variances, 0) AS variances,
    COALESCE(f.breaks, 0) AS breaks,
    COALESCE(f.pending, 0) AS pending,
    CAST(f.matched * 1000000 // NULLIF(f.matchable, 0) AS DECIMAL(9, 0)) * 0.000001 AS match_rate_count,
    CAST(
        CAST(f.matched_money * 1000000 AS HUGEINT) * 1000000
        // NULLIF(CAST(f.matchable_money * 1000000 AS HUGEINT), 0) AS DECIMAL(9, 0)
    ) * 0.000001 AS match_rate_money,
    COALESCE(f.matched_money, 0) AS matched_money,
    COALESCE(f.unreconciled, 0) AS unreconciled,
    COALESCE(t.gross, 0) AS gross,
    COALESCE(t.fee, 0) AS fee,
    COALESCE(t.tax, 0) AS tax,
    COALESCE(t.net, 0) AS net
FROM currencies AS c
CROSS JOIN day AS d
LEFT JOIN taken AS t ON t.currency = c.currency
LEFT JOIN found AS f ON f.currency = c.currency
