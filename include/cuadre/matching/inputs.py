"""Inputs: which Parquet files are meant, whether they have the columns, and each as a relation of canonical types.

Text and narrower numbers are cast; floating-point money is refused, since what it lost cannot be had back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.matching.engine import Engine
from cuadre.matching.types import empty, typed
from cuadre.model.columns import RECORDS, Column, Kind, Table
from cuadre.model.errors import ConfigurationError


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


def lacking_columns(table: Table, files: Sequence[Path]) -> frozenset[str]:
    """The columns of `table` that none of `files` has, which are optional ones.

    Raises:
        ConfigurationError: naming the columns a file lacks, or holds as floating-point money.
    """
    return frozenset(table.names).difference(*(_checked(file, table) for file in files))


def open_input(
    db: Engine, name: str, table: Table, files: Sequence[Path], *, lacking: frozenset[str], small: bool
) -> None:
    """Make `name` of `files`, with the columns and types of `table`: a view, or of a small day a table.

    It is empty when there is no file. Columns that are `lacking` are NULL in it.
    """
    rows = typed(table, db.parquet(files), lacking) if files else empty(table)
    db.run(f"CREATE {'TABLE' if small else 'VIEW'} {name} AS {rows}")


def _checked(file: Path, table: Table) -> list[str]:
    """The names of the columns of `file`, when it has what `table` requires."""
    try:
        held = pq.read_schema(file)
    except pa.ArrowInvalid:
        raise ConfigurationError(f"{table.name}: {file.name} cannot be read as Parquet.") from None
    missing = [column.name for column in table.required if column.name not in held.names]
    missing += [name for column in table.columns if column.kind in RECORDS for name in _missing_within(held, column)]
    if missing:
        raise ConfigurationError(f"{table.name}: {file.name} lacks the columns {', '.join(missing)}.")
    money = [column.name for column in table.columns if column.kind is Kind.MONEY and column.name in held.names]
    floats = [name for name in money if pa.types.is_floating(held.field(name).type)]
    if floats:
        raise ConfigurationError(
            f"{table.name}: {file.name} holds {', '.join(floats)} as floating point; money has to be DECIMAL(18,6)."
        )
    return list(held.names)


def _missing_within(held: pa.Schema, column: Column) -> list[str]:
    """The fields that a record in the column `column` lacks."""
    kind = held.field(column.name).type if column.name in held.names else pa.struct([])
    names = [field.name for field in kind] if pa.types.is_struct(kind) else []
    return [f"{column.name}.{each.name}" for each in RECORDS[column.kind].required if each.name not in names]
