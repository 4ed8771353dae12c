"""What `reconcile` refuses of the files it is given, where taking them would decide on money by a guess.

A NULL compares with nothing, so that it differs from nothing; a timestamp without a zone is hours off; a seventh
decimal would be rounded away. Which columns there must be is checked in `cuadre.matching.inputs`, what stands in the
rows in `given_rows.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.model.arrow import MONEY
from cuadre.model.columns import RECORDS, Column, Kind, Table
from cuadre.model.errors import ConfigurationError


def refuse_guesswork(table: Table, files: Sequence[Path]) -> None:
    """Return when every value of `files`, in the columns of `table`, is one that need not be guessed at.

    Raises:
        ConfigurationError: naming file and column, never a value.
    """
    for path in files:
        with pq.ParquetFile(path) as file:
            for column in table.columns:
                if column.name in file.schema_arrow.names:
                    _check(file, column, f"{table.name}: {path.name}")


def _check(file: pq.ParquetFile, column: Column, where: str) -> None:
    kind = file.schema_arrow.field(column.name).type
    if column.kind in RECORDS:
        _check_records(file, column, kind, where)
        return
    _check_type(column, kind, column.name, where)
    if not column.nullable and _nulls(file, column.name):
        raise ConfigurationError(f"{where}: column {column.name} holds NULL; it must not. {column.doc}")
    if column.kind is Kind.MONEY and not _is_exact(file, column.name, kind):
        raise _inexact(where, column.name)


def _check_records(file: pq.ParquetFile, column: Column, kind: pa.DataType, where: str) -> None:
    """A line or an order within a row is there whole, or not at all."""
    inside, held = RECORDS[column.kind], {field.name: field.type for field in kind}
    for field in (each for each in inside.columns if each.name in held):
        name = f"{column.name}.{field.name}"
        _check_type(field, held[field.name], name, where)
        if field.kind is Kind.MONEY and not _is_exact_type(held[field.name]):
            raise _inexact(where, name)
    needed = [f"{column.name}.{each.name}" for each in inside.columns if not each.nullable]
    absent = sum(part.null_count for part in _parts(file, needed[0]))
    for name in needed:
        if _nulls(file, name) != absent:
            raise ConfigurationError(f"{where}: {name} is NULL where there is {column.doc[0].lower()}{column.doc[1:]}")


def _check_type(column: Column, kind: pa.DataType, name: str, where: str) -> None:
    if pa.types.is_nested(kind) and column.kind is not Kind.REASONS:
        raise ConfigurationError(f"{where}: {name} is {kind}; one value is wanted, not several.")
    if column.kind is Kind.INSTANT and (not pa.types.is_timestamp(kind) or kind.tz is None):
        raise ConfigurationError(f"{where}: {name} is {kind}; an instant has to be a timestamp with its zone.")


def _inexact(where: str, name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{where}: {name} does not fit DECIMAL(18,6): twelve digits before the point and six behind it."
    )


def _nulls(file: pq.ParquetFile, name: str) -> int:
    """How many values are NULL: from the file's statistics, which most writers leave, or else counted.

    A field of a record is NULL where there is no record, too.
    """
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    leaves = [group.column(place) for group in groups for place in range(group.num_columns)]
    known = [leaf.statistics for leaf in leaves if leaf.path_in_schema == name]
    if known and all(statistics is not None and statistics.has_null_count for statistics in known):
        return sum(statistics.null_count for statistics in known)
    return sum((part.flatten()[0] if "." in name else part).null_count for part in _parts(file, name))


def _parts(file: pq.ParquetFile, name: str) -> Iterator[pa.Array]:
    """The column, a part at a time; of a field within a record, the records with that field alone."""
    return (batch.column(0) for batch in file.iter_batches(columns=[name]))


def _is_exact(file: pq.ParquetFile, name: str, kind: pa.DataType) -> bool:
    if _is_exact_type(kind):
        return True
    if not (pa.types.is_decimal(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return False
    try:
        for part in _parts(file, name):
            part.cast(MONEY)
    except pa.ArrowInvalid:
        return False
    return True


def _is_exact_type(kind: pa.DataType) -> bool:
    """Whether nothing can be rounded; what is too long is refused when it is read."""
    return bool(pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= MONEY.scale))
