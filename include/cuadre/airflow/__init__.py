"""Adapters to Airflow 3.3, the only package that imports it: dates, retries, deferral, callbacks, assets."""
