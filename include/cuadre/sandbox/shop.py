"""The merchant's side of the sandbox: a shop's order table and a treasury's bank credits in a warehouse.

The tables have the canonical columns of the registry. What does not live here: the marts.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pyarrow.parquet as pq

from cuadre.config import Source
from cuadre.model.columns import BANK_CREDITS, ORDERS, Kind, Table

_TYPES = {
    Kind.TEXT: "text",
    Kind.MONEY: "numeric(18,6)",
    Kind.DATE: "date",
    Kind.INSTANT: "timestamptz",
}


def open_shop(url: str, source: Source) -> None:
    """Make the order table and the bank credit table that `source` names, empty, in the database at `url`."""
    with psycopg.connect(url) as connection:
        for name, table in _tables(source).items():
            if "." in name:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}".encode())
            columns = ", ".join(f"{c.name} {_TYPES[c.kind]}{'' if c.nullable else ' NOT NULL'}" for c in table.required)
            connection.execute(f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({', '.join(table.key)}))".encode())


def stock_shop(url: str, source: Source, *, orders: Path, bank_credits: Path) -> None:
    """Add the rows of two Parquet files; an order that is there already takes its new state."""
    files = {ORDERS.name: orders, BANK_CREDITS.name: bank_credits}
    with psycopg.connect(url) as connection:
        for name, table in _tables(source).items():
            _merge(connection, name, table, files[table.name])


def _tables(source: Source) -> dict[str, Table]:
    tables = {source.orders.table: ORDERS}
    if source.bank is not None:
        tables[source.bank.table] = BANK_CREDITS
    return tables


def _merge(connection: psycopg.Connection, name: str, table: Table, file: Path) -> None:
    names = [column.name for column in table.required]
    key, rest = ", ".join(table.key), [name for name in names if name not in table.key]
    connection.execute(f"CREATE TEMP TABLE arriving (LIKE {name}) ON COMMIT DROP".encode())
    with connection.cursor() as cursor, cursor.copy(f"COPY arriving ({', '.join(names)}) FROM STDIN") as copy:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=10_000, columns=names):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)
    newer = ", ".join(f"{c} = excluded.{c}" for c in rest)
    connection.execute(f"INSERT INTO {name} SELECT * FROM arriving ON CONFLICT ({key}) DO UPDATE SET {newer}".encode())
    connection.execute(b"DROP TABLE arriving")
