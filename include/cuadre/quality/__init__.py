"""Expectations on lines, run as SQL by DuckDB, and the gate."""
