-- What the first pass did not close, what continues an open item, and what earlier days or other lines of today say
-- something of: the few rows every later step works on. Pairs not listed here are cleared.
SELECT
    line_key,
    order_id
FROM first_pass
WHERE (line_key IS NOT NULL AND order_id IS NULL)
    OR (line_key IS NULL AND awaited AND order_id NOT IN (SELECT order_id FROM claimed_orders))
    OR (
        line_key IS NOT NULL
        AND order_id IS NOT NULL
        AND (
            NOT clean
            OR line_key IN (SELECT line_key FROM repeated_lines)
            OR order_id IN (SELECT order_id FROM repeated_orders)
            OR order_id IN (SELECT order_id FROM claimed_orders)
            OR line_key IN (SELECT line_key FROM seen_lines)
            OR line_key IN (SELECT line_key FROM retold_lines)
            OR line_key IN (SELECT line_key FROM settled_operations)
            OR order_id IN (SELECT c.order_id FROM claims AS c WHERE c.line_type IN (${returns}))
            OR order_id IN (SELECT o."order".order_id FROM open_items AS o WHERE o."order" IS NOT NULL)
        )
    )
