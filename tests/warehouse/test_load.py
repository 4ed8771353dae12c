"""Rows in by COPY: every kind of value arrives as it was, and whatever breaks on the way leaves nothing behind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pytest
from psycopg import sql

from cuadre.model.columns import Column, Kind
from cuadre.model.errors import Terminal
from cuadre.warehouse import connect, copy_in

NUMBER, TEXT = Column("n", Kind.COUNT, ""), Column("t", Kind.TEXT, "")
TABLE = sql.Identifier("numbers")

VALUES: dict[Kind, tuple[str, tuple[str, ...]]] = {
    Kind.TEXT: ("text", ("''", "'NULL'", "'a,\"b' || chr(10) || '\\N'", "'añ€\U0001f600'", "repeat('x', 70000)")),
    Kind.REASONS: ("jsonb", ("'[]'", """'[{"code": "AMOUNT_DIFFERS", "delta": "-0.390000"}]'""")),
    Kind.COUNT: ("bigint", ("0", "-1", "9223372036854775807", "-9223372036854775808", "7::HUGEINT")),
    Kind.MONEY: (
        "numeric(24, 6)",
        (
            "0",
            "0.000001",
            "-0.390000",
            "10000",
            "-9999.999999",
            "100000000.01",
            "42.7::DECIMAL(9, 2)",
            "999999999999.999999::DECIMAL(18, 6)",
            "9223372036854.775807::DECIMAL(38, 6)",
            "-9223372036854.775809::DECIMAL(38, 6)",
            "999999999999999999.999999::DECIMAL(38, 6)",
        ),
    ),
    Kind.RATE: ("numeric(9, 6)", ("0", "1", "0.999999", "0.5::DECIMAL(9, 6)")),
    Kind.DATE: ("date", ("DATE '2026-03-04'", "DATE '1999-12-31'", "DATE '0001-01-01'", "DATE '9999-12-31'")),
    Kind.INSTANT: (
        "timestamptz",
        ("TIMESTAMPTZ '2026-03-04 23:59:59.999999-05'", "TIMESTAMPTZ '1969-12-31 23:59:59.000001+00'"),
    ),
    Kind.FLAG: ("boolean", ("true", "false")),
}


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.value)
def test_every_value_of_every_kind_arrives_as_it_was(database_url: str, kind: Kind) -> None:
    name, values = VALUES[kind]
    select = " UNION ALL ".join(f"SELECT {n}, {value}" for n, value in enumerate((*values, "NULL")))
    with duckdb.connect() as duck, connect(database_url) as connection, connection.cursor() as cursor:
        duck.execute("SET GLOBAL TimeZone = 'UTC'")
        cursor.execute(f"CREATE TABLE numbers (n bigint, v {name})")
        assert copy_in(cursor, TABLE, (NUMBER, Column("v", kind, "")), duck, select) == len(values) + 1
        said = "v::text" if kind is Kind.REASONS else "v"
        held = cursor.execute(f"SELECT {said} FROM numbers ORDER BY n").fetchall()
        sent = [duck.sql(f"SELECT {value}").fetchall()[0] for value in values]
    assert held == [*map(_exactly, sent), (None,)]


def _exactly(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (Decimal(row[0]) if isinstance(row[0], Decimal | int) and not isinstance(row[0], bool) else row[0],)


def test_a_column_of_nothing_but_null_and_no_row_at_all_arrive(database_url: str) -> None:
    columns = [Column(kind.value, kind, "", nullable=True) for kind in VALUES]
    nulls = ", ".join(["NULL"] * len(columns))
    with duckdb.connect() as duck, connect(database_url) as connection, connection.cursor() as cursor:
        declared = ", ".join(f'"{kind.value}" {name}' for kind, (name, _) in VALUES.items())
        cursor.execute(f"CREATE TABLE numbers ({declared})".encode())
        assert copy_in(cursor, TABLE, columns, duck, f"SELECT {nulls} WHERE false") == 0
        assert copy_in(cursor, TABLE, columns, duck, f"SELECT {nulls} FROM range(3)") == 3
        said = ", ".join(f'count("{kind.value}")' for kind in VALUES)
        cursor.execute(f"SELECT count(*), {said} FROM numbers".encode())
        assert cursor.fetchone() == (3, *[0] * len(VALUES))


def test_many_batches_arrive_whole(database_url: str) -> None:
    select = (
        "SELECT i, CASE WHEN i % 3 = 0 THEN NULL WHEN i % 3 = 1 THEN '' ELSE repeat('x', i % 50) END "
        "FROM range(300000) r(i)"
    )
    with duckdb.connect() as duck, connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE numbers (n bigint, t text)")
        assert copy_in(cursor, TABLE, (NUMBER, TEXT), duck, select) == 300_000
        cursor.execute("SELECT count(DISTINCT n), sum(n), count(t), sum(length(t)) FROM numbers")
        wanted = sum(i % 50 for i in range(300_000) if i % 3 == 2)
        assert cursor.fetchone() == (300_000, 299_999 * 150_000, 200_000, wanted)


def test_a_select_that_fails_leaves_no_row_and_no_hanging_thread(database_url: str) -> None:
    with duckdb.connect() as duck, connect(database_url) as connection:
        connection.execute("CREATE TABLE numbers (n bigint)")
        connection.commit()
        for broken in (
            "SELECT 1 FROM nowhere",
            "SELECT CASE WHEN i > 900000 THEN error('late') END FROM range(1000000) r(i)",
        ):
            with pytest.raises(duckdb.Error), connection.cursor() as cursor:
                copy_in(cursor, TABLE, (NUMBER,), duck, broken)
            connection.rollback()
        found = connection.execute("SELECT count(*) FROM numbers").fetchone()
        assert found == (0,)


def test_a_table_that_refuses_a_row_ends_the_reading_too(database_url: str) -> None:
    def load(duck: duckdb.DuckDBPyConnection) -> None:
        with connect(database_url) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE numbers (n bigint CHECK (n < 32768))")
            copy_in(cursor, TABLE, (NUMBER,), duck, "SELECT i FROM range(5000000) r(i)")

    with duckdb.connect() as duck:
        with pytest.raises(Terminal, match="refuses a value or a row") as raised:
            load(duck)
        assert "32768" not in str(raised.value)
        assert duck.execute("SELECT 1").fetchone() == (1,)
