-- Groups of which some parts add up to the whole. Every choice of at least one part is tried, numbered so that each bit
-- is a part; with no more than ${max_items} parts these are at most 4,095. One fitting choice of several parts is
-- taken; where two fit, all parts are given back with both, and `fits` says how many there are.
WITH digits AS (
    SELECT 0 AS digit
    UNION ALL SELECT 1
    UNION ALL SELECT 2
    UNION ALL SELECT 3
    UNION ALL SELECT 4
    UNION ALL SELECT 5
    UNION ALL SELECT 6
    UNION ALL SELECT 7
),

choices AS (
    SELECT a.digit + 8 * b.digit + 64 * c.digit + 512 * d.digit AS choice
    FROM digits AS a
    CROSS JOIN digits AS b
    CROSS JOIN digits AS c
    CROSS JOIN digits AS d
),

items AS (
    SELECT
        *,
        CAST(POWER(2, place - 1) AS BIGINT) AS bit,
        CAST(POWER(2, parts) AS BIGINT) AS choices_end
    FROM ${members}
    WHERE parts BETWEEN 2 AND ${max_items}
),

summed AS (
    SELECT
        i.whole,
        c.choice,
        MIN(i.currency) AS currency,
        MIN(i.whole_money) AS whole_money,
        SUM(i.part_money) AS total,
        COUNT(*) AS items
    FROM items AS i
    INNER JOIN choices AS c ON c.choice < i.choices_end AND MOD(c.choice, 2 * i.bit) >= i.bit
    GROUP BY i.whole, c.choice
),

fitting AS (
    SELECT
        g.*,
        COUNT(*) OVER (PARTITION BY g.whole) AS fits,
        MAX(g.items) OVER (PARTITION BY g.whole) AS most_items,
        ROW_NUMBER() OVER (PARTITION BY g.whole ORDER BY g.choice) AS fit_no
    FROM summed AS g
    WHERE ABS(g.total - g.whole_money) <= ${tolerance}
),

named AS (
    SELECT
        f.whole,
        f.choice,
        STRING_AGG(i.part_name, ' + ' ORDER BY i.place) AS names
    FROM fitting AS f
    INNER JOIN items AS i ON i.whole = f.whole AND MOD(f.choice, 2 * i.bit) >= i.bit
    WHERE f.most_items > 1 AND f.fit_no <= 10
    GROUP BY f.whole, f.choice
),

refused AS (
    SELECT
        f.whole,
        MIN(f.fits) AS fits,
        CONCAT(
            STRING_AGG(n.names, ' | ' ORDER BY n.choice), CASE WHEN MIN(f.fits) > 10 THEN ' | ...' ELSE '' END
        ) AS names
    FROM fitting AS f
    INNER JOIN named AS n ON n.whole = f.whole AND n.choice = f.choice
    WHERE f.fits > 1
    GROUP BY f.whole
)

SELECT
    i.line_key,
    i.order_id,
    g.fits,
    n.names,
    CAST(${amount} AS DECIMAL(18, 6)) AS amount,
    CAST(${gross} AS DECIMAL(18, 6)) AS gross
FROM fitting AS g
INNER JOIN named AS n ON n.whole = g.whole AND n.choice = g.choice
INNER JOIN items AS i ON i.whole = g.whole AND MOD(g.choice, 2 * i.bit) >= i.bit
WHERE g.fits = 1
UNION ALL
SELECT
    i.line_key,
    i.order_id,
    r.fits,
    r.names,
    NULL AS amount,
    NULL AS gross
FROM refused AS r
INNER JOIN items AS i ON i.whole = r.whole
