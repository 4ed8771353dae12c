-- Business days, where a source needs to count them: for each day its number, and when what is paid on it is expected
-- to be in hand. A source without a calendar has none here, since then every day is a business day.
SELECT
    CAST(day AS DATE) AS day,
    CAST(in_hand_on AS DATE) AS in_hand_on,
    CAST(business_no AS BIGINT) AS business_no
FROM (VALUES ${days}) AS known (day, in_hand_on, business_no)
WHERE day IS NOT NULL
