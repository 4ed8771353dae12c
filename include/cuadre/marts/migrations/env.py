"""Alembic runs this: it takes the connection `migrate` opened and keeps its version table inside the schema."""

from alembic import context
from sqlalchemy import text

_connection = context.config.attributes["connection"]
_connection.execute(text("CREATE SCHEMA IF NOT EXISTS recon"))
context.configure(connection=_connection, version_table_schema="recon", transaction_per_migration=False)
context.run_migrations()
