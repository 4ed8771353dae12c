"""Rows out: the orders and bank credits of one day, as Arrow from PostgreSQL by ADBC into canonical Parquet.

Money stays exact: NUMERIC leaves as text and becomes DECIMAL(18,6) here, never float. Rows are sorted by key, so the
same rows give the same file. What does not live here: which snapshot a run uses, and its hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.config.source import Source
from cuadre.model.arrow import MONEY, arrow_schema
from cuadre.model.clearing import CLEARS
from cuadre.model.codes import RETURNS, TAKEN_STATUSES
from cuadre.model.columns import BANK_CREDITS, ORDERS, Column, Kind, Table
from cuadre.model.errors import ConfigurationError
from cuadre.model.literals import literals
from cuadre.model.parquet import parquet_sql
from cuadre.warehouse.address import Address
from cuadre.warehouse.connection import mapped_errors

_TYPES = {Kind.TEXT: "text", Kind.DATE: "date", Kind.INSTANT: "timestamptz"}
_REFERENCES = "cuadre_references"
_NAMES = ("psp_reference", "merchant_reference", "original_reference")
_COLUMNS = "<columns>"
"""Stands in a statement for the columns, until it is known which optional ones the table has."""


def snapshot_orders(
    url: str,
    source: Source,
    day: date,
    *,
    lines: Sequence[Path],
    open_items: Path | None = None,
    earlier: Sequence[Path] = (),
    out: Path,
) -> int:
    """Write the orders that settlement date `day` may concern to `out`, columns as `ORDERS`; give the number of rows.

    These are the merchant's orders paid from `lookback_days` before the local day to its end (an order that took money
    and does not say when was paid when it was made, as matching has it), and every order that a
    line or an open item refers to, however old; also where only the outcomes of `earlier` days tell, for a return, that
    an order was paid under the reference it names.

    Raises:
        WarehouseUnavailable: The server cannot be reached or breaks off.
        ConfigurationError: The table or a column is missing, or a value does not fit the canonical type.
    """
    begin = datetime.combine(day - timedelta(days=source.orders.lookback_days), time(), tzinfo=source.zone)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=source.zone)
    table = _quoted(source.orders.table)
    taken = literals(TAKEN_STATUSES)
    statement = f"""
        WITH wanted AS (
            SELECT o.order_id::text AS order_id FROM {table} o WHERE o.paid_at >= $1 AND o.paid_at < $2
            UNION
            SELECT o.order_id::text FROM {table} o
            WHERE o.paid_at IS NULL AND o.created_at >= $1 AND o.created_at < $2 AND o.status::text IN ({taken})
            UNION
            SELECT o.order_id::text FROM {table} o JOIN {_REFERENCES} r ON o.order_id::text = r.reference
            UNION
            SELECT o.order_id::text FROM {table} o JOIN {_REFERENCES} r ON o.psp_reference::text = r.reference
        )
        SELECT {_COLUMNS} FROM {table} o
        WHERE o.merchant::text = $3 AND o.order_id::text IN (SELECT order_id FROM wanted)
        ORDER BY o.order_id::text COLLATE "C", o.updated_at
    """
    references = _references(lines, open_items, earlier)
    return _snapshot(url, source.orders.table, ORDERS, statement, [begin, end, source.merchant], out, references)


def snapshot_bank_credits(url: str, source: Source, day: date, out: Path, *, since: date) -> int:
    """Write the bank credits that may pay the batches of `day` to `out`, columns as `BANK_CREDITS`; give the rows.

    These are credits valued from `since`, before `day` where batches of earlier days are open, to `window_days` after
    `day`, both included. Raises as `snapshot_orders` does.
    """
    if source.bank is None:
        raise ConfigurationError(f"Source {source.source} names no table of bank credits (`bank:`).")
    statement = f"""
        SELECT {_COLUMNS} FROM {_quoted(source.bank.table)} o
        WHERE o.value_date >= $1 AND o.value_date <= $2
        ORDER BY o.credit_id::text COLLATE "C"
    """
    window = [since, day + timedelta(days=source.bank.window_days)]
    return _snapshot(url, source.bank.table, BANK_CREDITS, statement, window, out, None)


def _snapshot(
    url: str, name: str, table: Table, statement: str, values: list[Any], out: Path, references: pa.Table | None
) -> int:
    address = Address.parse(url)
    hint = f"It should hold {name} with the columns {', '.join(column.name for column in table.required)}."
    with mapped_errors(address, hint), adbc.connect(address.libpq) as connection, connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")  # a timestamp without a zone is taken as UTC
        if references is not None:
            cursor.adbc_ingest(_REFERENCES, references, mode="create", temporary=True)
            cursor.execute(f"ANALYZE {_REFERENCES}")
        schema = arrow_schema(table, _optional_there(cursor, name, table))
        cursor.execute(statement.replace(_COLUMNS, _columns(table, schema.names)), values)
        return _write(cursor.fetch_record_batch(), table, schema, name, out)


def _optional_there(cursor: adbc.Cursor, name: str, table: Table) -> set[str]:
    """Which optional columns the warehouse's table has."""
    optional = [column.name for column in table.columns if column.optional]
    if not optional:
        return set()
    named = (
        "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"
    )
    cursor.execute(named, [_quoted(name)])
    return {str(row[0]) for row in cursor.fetchall()} & set(optional)


def _write(batches: pa.RecordBatchReader, table: Table, schema: pa.Schema, name: str, out: Path) -> int:
    partial = out.with_name(f".{out.name}.partial")
    rows = 0
    with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(_canonical(batch, table, schema, name))
            rows += batch.num_rows
    partial.replace(out)
    return rows


def _canonical(batch: pa.RecordBatch, table: Table, schema: pa.Schema, name: str) -> pa.RecordBatch:
    arrays = []
    for field in schema:
        column, values = table.column(field.name), batch.column(field.name)
        if values.null_count and not column.nullable:
            raise ConfigurationError(f"{name}: column {column.name} holds NULL; it must not. {column.doc}")
        try:
            arrays.append(values.cast(field.type))
        except pa.ArrowInvalid:
            wanted = "18 digits, six of them decimals" if field.type == MONEY else str(field.type)
            raise ConfigurationError(f"{name}: column {column.name} holds a value beyond {wanted}.") from None
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _columns(table: Table, names: list[str]) -> str:
    return ", ".join(_column(table.column(name)) for name in names)


def _column(column: Column) -> str:
    if column.kind is Kind.MONEY:  # as text without padding zeros; what is left beyond six decimals is refused
        return f'trim_scale(o."{column.name}"::numeric)::text AS "{column.name}"'
    return f'o."{column.name}"::{_TYPES[column.kind]} AS "{column.name}"'


def _quoted(table: str) -> str:
    return ".".join(f'"{part}"' for part in table.split("."))


def _references(lines: Sequence[Path], open_items: Path | None, earlier: Sequence[Path]) -> pa.Table:
    """Every text by which a line or an open item may name an order, once each; and orders only earlier days tell of."""
    with duckdb.connect() as duck:
        views, parts = [], []
        if lines:
            duck.execute(f"CREATE VIEW line AS FROM {parquet_sql(lines)}")
            views.append(("line", ""))
        if open_items is not None:
            duck.execute(f"CREATE VIEW item AS FROM {parquet_sql([open_items])}")
            views.append(("item", "line."))
            parts.append('SELECT "order".order_id AS reference FROM item')
        for view, prefix in views:
            parts += _naming(view, prefix)
        if not parts:
            return pa.table({"reference": pa.array([], pa.string())})
        if earlier:
            duck.execute(f"CREATE VIEW outcome AS FROM {parquet_sql(earlier)}")
            parts.append(_paid_under(views))
        union = " UNION ".join(parts)
        wanted = f"SELECT reference FROM ({union}) WHERE trim(reference) <> '' ORDER BY reference"
        return duck.sql(wanted).to_arrow_table()


def _naming(view: str, prefix: str) -> list[str]:
    named = [f"SELECT {prefix}{name} AS reference FROM {view}" for name in _NAMES]
    # Matching looks for an operation number only where the line names no order.
    alone = f"SELECT {prefix}operation_reference AS reference FROM {view}"
    return [*named, f"{alone} WHERE coalesce(trim({prefix}merchant_reference), '') = ''"]


def _paid_under(views: list[tuple[str, str]]) -> str:
    """The orders that earlier days cleared under a reference a return names; they need not carry it themselves."""
    returns = literals(RETURNS)
    named = " UNION ".join(
        f"SELECT {prefix}{name} FROM {view} WHERE {prefix}line_type IN ({returns})"
        for view, prefix in views
        for name in _NAMES
    )
    return f"SELECT order_id FROM outcome WHERE {CLEARS} AND psp_reference IN ({named})"
