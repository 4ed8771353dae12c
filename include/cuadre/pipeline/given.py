"""What `reconcile` refuses of the files it is given, where taking them would decide on money by a guess.

A NULL compares with nothing, so that it differs from nothing; a timestamp without a zone is hours off; a seventh
decimal would be rounded away. Which columns there must be is checked in `cuadre.matching.inputs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.model.arrow import MONEY
from cuadre.model.columns import Column, Kind, Table
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
    if not column.nullable and _nulls(file, column.name):
        raise ConfigurationError(f"{where}: column {column.name} holds NULL; it must not. {column.doc}")
    if column.kind is Kind.INSTANT and (not pa.types.is_timestamp(kind) or kind.tz is None):
        raise ConfigurationError(f"{where}: {column.name} is {kind}; an instant has to be a timestamp with its zone.")
    if column.kind is Kind.MONEY and not _is_exact(file, column.name, kind):
        raise ConfigurationError(
            f"{where}: {column.name} does not fit DECIMAL(18,6): twelve digits before the point and six behind it."
        )


def _nulls(file: pq.ParquetFile, name: str) -> int:
    """How many values are NULL: from the file's statistics, which most writers leave, or else counted."""
    place = file.schema_arrow.names.index(name)
    parts = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    if file.metadata.num_columns == len(file.schema_arrow.names):
        known = [part.column(place).statistics for part in parts]
        if all(statistics is not None and statistics.has_null_count for statistics in known):
            return sum(statistics.null_count for statistics in known)
    return sum(batch.column(0).null_count for batch in file.iter_batches(columns=[name]))


def _is_exact(file: pq.ParquetFile, name: str, kind: pa.DataType) -> bool:
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= MONEY.scale):
        return True  # one that is too long is refused when it is read
    if not (pa.types.is_decimal(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return False
    try:
        for batch in file.iter_batches(columns=[name]):
            batch.column(0).cast(MONEY)
    except pa.ArrowInvalid:
        return False
    return True
