-- All claims there are: those that were given, and those of the outcomes of earlier days.
SELECT *
FROM given_claims
UNION ALL
SELECT *
FROM outcome_claims
