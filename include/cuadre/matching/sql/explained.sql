-- Pairs of lines and orders that a further pass explained, alone or in a group, or found two explanations for: they are
-- out of the game, and their rows come from that pass.
SELECT DISTINCT line_key, order_id
FROM (${rows}) AS found
