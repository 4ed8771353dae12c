"""The migrated schema is what the registry says, and analysts may read it and nothing else."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import inspect

from cuadre.marts.deciding import VIEWS
from cuadre.marts.history import BELIEVED, HISTORY, KNOWN_FROM, SCHEMA, history_name
from cuadre.marts.migrate import downgrade, migrate
from cuadre.marts.schema import ddl, metadata
from cuadre.model.columns import DECISION, INCIDENT, MARTS, REOPENING, Kind
from cuadre.warehouse import Address, engine

TYPES = {
    Kind.TEXT: "text",
    Kind.COUNT: "bigint",
    Kind.MONEY: "numeric(24,6)",
    Kind.RATE: "numeric(9,6)",
    Kind.DATE: "date",
    Kind.INSTANT: "timestamp with time zone",
    Kind.FLAG: "boolean",
    Kind.REASONS: "jsonb",
}
CATALOG = """
    SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           col_description(c.oid, a.attnum), obj_description(c.oid, 'pg_class')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'recon'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'v') AND c.relname <> 'alembic_version'
    ORDER BY c.relname, a.attnum
"""


def _catalog(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(CATALOG).fetchall()


def test_every_mart_has_the_registered_columns_types_and_comments(module_warehouse_url: str) -> None:
    held: dict[str, list[tuple[Any, ...]]] = {}
    for relation, *column in _catalog(module_warehouse_url):
        held.setdefault(relation, []).append(tuple(column))
    for mart in MARTS:
        extra = () if mart is INCIDENT else (KNOWN_FROM,)
        wanted = [(c.name, TYPES[c.kind], c.doc) for c in (*mart.columns, *extra)]
        assert [(name, kind, doc) for _, name, kind, _, doc, _ in held[mart.name]] == wanted
        assert all(mart.grain in comment for *_, comment in held[mart.name])
        table = held[mart.name if mart is INCIDENT else f"{mart.name}{HISTORY}"]
        assert [not required for _, _, _, required, _, _ in table][: len(mart.columns)] == [
            column.nullable for column in mart.columns
        ]
    for table in (DECISION, REOPENING, *VIEWS):
        assert [(name, kind, doc) for _, name, kind, _, doc, _ in held[table.name]] == [
            (c.name, TYPES[c.kind], c.doc) for c in table.columns
        ]
    assert len(held) == len(MARTS) + len(BELIEVED) + len((DECISION, REOPENING, *VIEWS))


def test_the_migrations_build_exactly_what_the_registry_declares(module_warehouse_url: str, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE SCHEMA recon")
        for statement in ddl():
            connection.execute(statement.encode())
    assert _catalog(module_warehouse_url) == _catalog(database_url)
    assert _indexes(module_warehouse_url) == _indexes(database_url)
    assert _functions(module_warehouse_url) == _functions(database_url) != []
    names = {table.name for table in metadata().sorted_tables}
    inspector = inspect(engine(module_warehouse_url))
    assert set(inspector.get_table_names(SCHEMA)) == names | {"alembic_version"}


def _indexes(url: str) -> list[tuple[Any, ...]]:
    query = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'recon' AND tablename <> 'alembic_version' ORDER BY 1"
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def _functions(url: str) -> list[tuple[Any, ...]]:
    query = """
        SELECT pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc')
        FROM pg_proc AS p WHERE pronamespace = 'recon'::regnamespace ORDER BY proname
    """
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_migrating_again_and_at_once_changes_nothing(database_url: str) -> None:
    threads = [threading.Thread(target=migrate, args=(database_url,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    before = _catalog(database_url)
    migrate(database_url)
    assert _catalog(database_url) == before != []


def test_the_schema_can_be_taken_down_and_built_again(database_url: str) -> None:
    migrate(database_url)
    before = _catalog(database_url)
    downgrade(database_url)
    assert _catalog(database_url) == []
    migrate(database_url)
    assert _catalog(database_url) == before


def test_an_analyst_reads_what_is_and_was_believed_and_changes_nothing(module_warehouse_url: str) -> None:
    with psycopg.connect(module_warehouse_url, autocommit=True) as connection:
        connection.execute("SET ROLE cuadre_analyst")
        for mart in MARTS:
            connection.execute(f"SELECT * FROM recon.{mart.name}")
            connection.execute(f"SELECT * FROM recon.{history_name(mart)}")
        for forbidden in ("DELETE FROM recon.recon_line", "UPDATE recon.incident SET state = 'recovered'"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(forbidden)


def test_a_user_who_may_not_create_roles_can_migrate(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS plain_owner")
        connection.execute("CREATE ROLE plain_owner LOGIN PASSWORD 'plain'")
        connection.execute(f"GRANT CREATE ON DATABASE {connection.info.dbname} TO plain_owner")
    address = Address.parse(database_url).url.set(username="plain_owner", password="plain")
    migrate(address.render_as_string(hide_password=False))
    assert _catalog(database_url) != []
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP OWNED BY plain_owner CASCADE")
        connection.execute("DROP ROLE plain_owner")


def test_a_payment_is_looked_up_by_any_reference_without_reading_every_line(module_warehouse_url: str) -> None:
    query = (Path(__file__).parents[2] / "docs" / "examples" / "recon_line.sql").read_text(encoding="utf-8")
    with psycopg.connect(module_warehouse_url) as connection:
        connection.execute("SET enable_seqscan = off")  # the few rows of a test are read faster whole
        plan = " ".join(row[0] for row in connection.execute(f"EXPLAIN {query}".encode()).fetchall())
    assert plan.count("Bitmap Index Scan on recon_line_reference") == 4
