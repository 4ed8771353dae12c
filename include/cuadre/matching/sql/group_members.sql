-- The parts of each whole that may make up a group: several lines and their order, or several orders and their line.
-- A part has one whole only, nothing contradicts it, no other line is a copy of it, and all its money goes the same
-- way; otherwise there is no group.
WITH flagged AS (
    SELECT
        p.${whole} AS whole,
        p.${part} AS part,
        p.line_key,
        p.order_id,
        p.currency,
        ${whole_money} AS whole_money,
        ${part_money} AS part_money,
        ${part_name} AS part_name,
        MAX(
            CASE
                WHEN p.contradicted OR p.copied OR ${wholes_of_part} > 1 THEN 1
                WHEN SIGN(${part_money}) = 0 OR SIGN(${part_money}) <> SIGN(${whole_money}) THEN 1
                ELSE 0
            END
        ) OVER (PARTITION BY p.${whole}) AS unfit
    FROM ${weighed} AS p
)

SELECT
    whole,
    line_key,
    order_id,
    currency,
    whole_money,
    part_money,
    part_name,
    ROW_NUMBER() OVER (PARTITION BY whole ORDER BY part) AS place,
    COUNT(*) OVER (PARTITION BY whole) AS parts
FROM flagged
WHERE unfit = 0
