"""What a day's lines must hold before they are reconciled: the expectations, their execution in DuckDB, the data docs.

`expectations.py` declares every expectation once; `lines.py` shows Parquet to DuckDB as the canonical table;
`datasource.py` and `suite.py` are all that knows Great Expectations, and are imported, by way of
`importing.py`, only when a day is checked; `page.py` writes the data docs.
"""
