-- What became of open breaks last week, as the controller sees it
SELECT source, currency, outcome, start_count, opened_count + changed_in_count AS came,
       closed_count + changed_out_count AS went, end_count, start_money, end_money
FROM recon.movement(CURRENT_DATE - 7, CURRENT_DATE)
ORDER BY source, currency, end_money DESC;
