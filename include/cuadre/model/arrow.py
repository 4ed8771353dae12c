"""Arrow types and schemas of the canonical tables, made from the column registry."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from cuadre.model.columns import RECORDS, Column, Kind, Table

MONEY = pa.decimal128(18, 6)
INSTANT = pa.timestamp("us", tz="UTC")
REASON = pa.struct(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("field", pa.string()),
        pa.field("expected", pa.string()),
        pa.field("got", pa.string()),
        pa.field("delta", MONEY),
    ]
)

_SCALARS = {
    Kind.TEXT: pa.string(),
    Kind.COUNT: pa.int64(),
    Kind.MONEY: MONEY,
    Kind.RATE: pa.decimal128(9, 6),
    Kind.DATE: pa.date32(),
    Kind.INSTANT: INSTANT,
    Kind.FLAG: pa.bool_(),
    Kind.REASONS: pa.list_(REASON),
}


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type of one column."""
    if column.kind in RECORDS:
        return pa.struct([_field(c) for c in RECORDS[column.kind].columns])
    return _SCALARS[column.kind]


def arrow_schema(table: Table, optional: Collection[str] = ()) -> pa.Schema:
    """The Arrow schema of `table`, with those of its optional columns that are named; columns in registry order."""
    return pa.schema([_field(column) for column in table.columns if not column.optional or column.name in optional])


def _field(column: Column) -> pa.Field:
    return pa.field(column.name, arrow_type(column), nullable=column.nullable)
