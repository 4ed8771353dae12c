-- What lines of earlier days cleared and gave back. Later days count for nothing, so that a day judged again finds what
-- it found.
SELECT *
FROM claims
WHERE settlement_date < ${settlement_date}
