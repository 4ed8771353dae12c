"""Adapters between Airflow and the product; the only package that imports airflow.

Nothing heavy is imported at module level here: the DAG processor reads these modules at every parse.
"""
