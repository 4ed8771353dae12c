-- What open lines may mean, as reconcile left it.
SELECT * FROM suggested
