"""Input files: which Parquet files are meant, whether they have the columns, and each as a view of canonical types.

Text and narrower numbers are cast; floating-point money is refused, since what it lost cannot be had back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.matching.rendering import literals
from cuadre.model.columns import LINES, ORDERS, Column, Kind, Table
from cuadre.model.errors import ConfigurationError

_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.COUNT: "BIGINT",
    Kind.MONEY: "DECIMAL(18,6)",
    Kind.RATE: "DECIMAL(9,6)",
    Kind.DATE: "DATE",
    Kind.INSTANT: "TIMESTAMPTZ",
    Kind.FLAG: "BOOLEAN",
    Kind.REASONS: "STRUCT(code VARCHAR, field VARCHAR, expected VARCHAR, got VARCHAR, delta DECIMAL(18,6))[]",
}


def parquet_files(given: Path | Sequence[Path], what: str) -> tuple[Path, ...]:
    """The Parquet files of a file, a folder or several of these, sorted; ConfigurationError when one is not there."""
    found: set[Path] = set()
    for path in (given,) if isinstance(given, Path) else given:
        if path.is_dir():
            inside = sorted(path.glob("*.parquet"))
            if not inside:
                raise ConfigurationError(f"{what}: no Parquet file in {path}.")
            found.update(inside)
        elif path.is_file():
            found.add(path)
        else:
            raise ConfigurationError(f"{what}: {path} does not exist.")
    return tuple(sorted(found))


def input_view(name: str, table: Table, files: Sequence[Path]) -> str:
    """A CREATE VIEW of `files` with the columns and types of `table`; empty when there is no file.

    Raises:
        ConfigurationError: naming the columns a file lacks, or holds as floating-point money.
    """
    for file in files:
        _check(file, table)
    quoted = [(f'"{column.name}"', _sql_type(column)) for column in table.columns]
    if not files:
        columns = ", ".join(f"CAST(NULL AS {sql_type}) AS {column}" for column, sql_type in quoted)
        return f"CREATE VIEW {name} AS SELECT {columns} WHERE FALSE"
    columns = ", ".join(f"CAST({column} AS {sql_type}) AS {column}" for column, sql_type in quoted)
    paths = literals(str(file) for file in files)
    return f"CREATE VIEW {name} AS SELECT {columns} FROM read_parquet([{paths}], union_by_name = true)"


def _check(file: Path, table: Table) -> None:
    try:
        schema = pq.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        raise ConfigurationError(f"{table.name}: {file.name} cannot be read as Parquet.") from error
    missing = [column.name for column in table.columns if column.name not in schema.names]
    if missing:
        raise ConfigurationError(f"{table.name}: {file.name} lacks the columns {', '.join(missing)}.")
    floats = [
        column.name
        for column in table.columns
        if column.kind is Kind.MONEY and pa.types.is_floating(schema.field(column.name).type)
    ]
    if floats:
        raise ConfigurationError(
            f"{table.name}: {file.name} holds {', '.join(floats)} as floating point; money has to be DECIMAL(18,6)."
        )


def _sql_type(column: Column) -> str:
    if column.kind in {Kind.LINE, Kind.ORDER}:
        inside = LINES if column.kind is Kind.LINE else ORDERS
        return f"STRUCT({', '.join(f'{c.name} {_sql_type(c)}' for c in inside.columns)})"
    return _TYPES[column.kind]
