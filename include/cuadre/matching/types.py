"""The SQL types of the canonical columns, and a relation cast to them."""

from __future__ import annotations

from collections.abc import Collection

from cuadre.model.columns import RECORDS, Column, Kind, Table

REASON = "STRUCT(code VARCHAR, field VARCHAR, expected VARCHAR, got VARCHAR, delta DECIMAL(18,6))"

_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.COUNT: "BIGINT",
    Kind.MONEY: "DECIMAL(18,6)",
    Kind.RATE: "DECIMAL(9,6)",
    Kind.DATE: "DATE",
    Kind.INSTANT: "TIMESTAMPTZ",
    Kind.FLAG: "BOOLEAN",
    Kind.REASONS: f"{REASON}[]",
}


def typed(table: Table, relation: str, lacking: Collection[str] = ()) -> str:
    """A SELECT of the columns of `table`, in its order and types, from `relation` as it stands in a FROM clause.

    Columns that are `lacking` there are NULL.
    """
    values = {column.name: "NULL" if column.name in lacking else f'"{column.name}"' for column in table.columns}
    columns = ", ".join(f'CAST({values[each.name]} AS {_type(each)}) AS "{each.name}"' for each in table.columns)
    return f"SELECT {columns} FROM {relation}"


def empty(table: Table) -> str:
    """A SELECT of no rows with the columns of `table`."""
    columns = ", ".join(f'CAST(NULL AS {_type(column)}) AS "{column.name}"' for column in table.columns)
    return f"SELECT {columns} WHERE FALSE"


def _type(column: Column) -> str:
    if column.kind in RECORDS:
        return f"STRUCT({', '.join(f'{each.name} {_type(each)}' for each in RECORDS[column.kind].columns)})"
    return _TYPES[column.kind]
