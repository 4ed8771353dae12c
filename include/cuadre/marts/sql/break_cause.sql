-- What breaks share, beside how common it is among all items of the kind. `new` are breaks that were none when the day
-- began, `open` are all there are. The ten values of each dimension with most breaks are kept, and of these what can be
-- held against all items. Whatever column of `broken` and `present` is not named here is a dimension. Shares and lift
-- are cut after six decimals, never rounded up.
WITH scoped AS (
    SELECT s.scope, UNNEST([b.outcome, 'any']) AS outcome, b.* EXCLUDE (outcome)
    FROM broken AS b
    INNER JOIN (VALUES ('new'), ('open')) AS s (scope) ON b.is_new OR s.scope = 'open'
),

shared AS (
    SELECT
        scope,
        outcome,
        dimension,
        value,
        unit,
        SUM(items) AS breaks,
        SUM(at_risk) AS at_risk,
        SUM(SUM(items)) OVER (PARTITION BY scope, outcome, dimension, value) AS breaks_of_value
    FROM (
        UNPIVOT scoped ON COLUMNS(* EXCLUDE (scope, outcome, is_new, unit, items, at_risk))
        INTO NAME dimension VALUE value
    ) AS spread
    GROUP BY scope, outcome, dimension, value, unit
),

common AS (
    SELECT
        scope,
        dimension,
        value,
        SUM(items) AS items,
        SUM(SUM(items)) OVER (PARTITION BY scope, dimension) AS of_items
    FROM (
        UNPIVOT present ON COLUMNS(* EXCLUDE (is_new, unit, items))
        INTO NAME dimension VALUE value
    ) AS spread
    INNER JOIN (VALUES ('new'), ('open')) AS s (scope) ON spread.is_new OR s.scope = 'open'
    GROUP BY scope, dimension, value
),

ranked AS (
    SELECT
        s.*,
        c.items,
        c.of_items,
        DENSE_RANK() OVER (
            PARTITION BY s.scope, s.outcome, s.dimension ORDER BY s.breaks_of_value DESC, s.value
        ) AS place
    FROM shared AS s
    INNER JOIN common AS c ON c.scope = s.scope AND c.dimension = s.dimension AND c.value = s.value
),

whole AS (
    SELECT
        scope,
        outcome,
        unit,
        SUM(at_risk) AS at_risk,
        SUM(SUM(items)) OVER (PARTITION BY scope, outcome) AS breaks
    FROM scoped
    GROUP BY scope, outcome, unit
)

SELECT
    d.source,
    d.settlement_date,
    r.scope,
    r.outcome,
    r.dimension,
    r.value,
    r.unit AS currency,
    CAST(r.breaks AS BIGINT) AS breaks,
    r.at_risk,
    CAST(w.breaks AS BIGINT) AS of_breaks,
    w.at_risk AS of_at_risk,
    CAST(r.breaks_of_value * 1000000 // w.breaks AS DECIMAL(9, 0)) * 0.000001 AS share,
    CAST(r.items * 1000000 // r.of_items AS DECIMAL(9, 0)) * 0.000001 AS base_share,
    CAST(
        LEAST(r.breaks_of_value * r.of_items * 1000000 // (w.breaks * r.items), 999999999) AS DECIMAL(9, 0)
    ) * 0.000001 AS lift
FROM ranked AS r
INNER JOIN whole AS w ON w.scope = r.scope AND w.outcome = r.outcome AND w.unit = r.unit
CROSS JOIN day AS d
WHERE r.place <= 10
