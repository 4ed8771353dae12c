-- One expectation of the day.
SELECT * FROM checks
