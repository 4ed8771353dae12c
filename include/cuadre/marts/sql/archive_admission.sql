-- One archive seen for the day, admitted or refused.
SELECT * FROM admissions
