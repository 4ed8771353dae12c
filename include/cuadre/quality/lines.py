"""Shows a day's Parquet lines to DuckDB as the canonical table `lines`; counts them and names lines by key.

`lines_as_found` is the Parquet as it is; `lines` has every column of the registry with its type, so that a file with a
missing or mistyped column fails the expectations about it instead of breaking the others. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.model.columns import LINES, Column
from cuadre.model.errors import ConfigurationError
from cuadre.model.parquet import parquet_sql
from cuadre.quality.queries import DUCKDB_TYPES

if TYPE_CHECKING:
    from sqlalchemy import Connection

SHOWN_KEYS = 5
"""How many lines of a failed expectation are named."""


def line_files(lines: Path | Sequence[Path]) -> tuple[Path, ...]:
    """The Parquet files meant by `lines`: a file, a folder (its `lines*.parquet`, else all its Parquet), or a list.

    Sorted, so the order given does not matter. An empty list is a day without lines; ConfigurationError when a path
    does not exist or a folder holds no Parquet, since that must not pass for an empty day.
    """
    if not isinstance(lines, Path):
        files = tuple(sorted(lines))
    elif lines.is_dir():
        files = tuple(sorted(lines.glob("lines*.parquet")) or sorted(lines.glob("*.parquet")))
        if not files:
            raise ConfigurationError(f"{lines}: holds no Parquet file.")
    else:
        files = (lines,)
    for file in files:
        if not file.is_file():
            raise ConfigurationError(f"{file}: there is no such file.")
        try:
            pq.read_metadata(file)
        except (pa.ArrowException, OSError):
            raise ConfigurationError(f"{file}: cannot be read as Parquet.") from None
    return files


def show_lines(connection: Connection, files: Sequence[Path]) -> None:
    """Create the views `lines_as_found` and `lines` over `files`; without files they are empty."""
    connection.exec_driver_sql(f"CREATE VIEW lines_as_found AS {_as_found(files)}")
    found = {name: kind for name, kind, *_ in connection.exec_driver_sql("DESCRIBE lines_as_found").fetchall()}
    columns = ", ".join(_declared(column, found.get(column.name)) for column in LINES.columns)
    connection.exec_driver_sql(f"CREATE VIEW lines AS SELECT {columns} FROM lines_as_found")
    connection.commit()


def settlement_date_of(connection: Connection, files: Sequence[Path]) -> date:
    """The settlement date most lines carry, the earlier of two equally frequent ones; without lines, the files' own.

    A file of no lines says its day in the Parquet key-value metadata, under `settlement_date`. ConfigurationError when
    nothing names a day.
    """
    counted = connection.exec_driver_sql(
        "SELECT settlement_date FROM lines WHERE settlement_date IS NOT NULL "
        "GROUP BY settlement_date ORDER BY count(*) DESC, settlement_date LIMIT 1"
    ).fetchone()
    if counted is not None:
        day: date = counted[0]
        return day
    for file in files:
        said = (pq.read_metadata(file).metadata or {}).get(b"settlement_date")
        if said is not None:
            return date.fromisoformat(said.decode())
    raise ConfigurationError("The lines name no settlement date: say which day they are for.")


def count_by_type(connection: Connection) -> dict[str | None, int]:
    """Number of lines by line type."""
    return dict(connection.exec_driver_sql("SELECT line_type, count(*) FROM lines GROUP BY line_type").fetchall())


def first_keys(connection: Connection, query: str) -> tuple[str, ...]:
    """The first few lines `query` selects, as `<start of archive_id>:<line_no>`, in their order in the archives."""
    rows = connection.exec_driver_sql(
        f"SELECT archive_id, line_no FROM ({query.format(batch='lines')}) "
        f"WHERE archive_id IS NOT NULL ORDER BY archive_id, line_no LIMIT {SHOWN_KEYS}"
    ).fetchall()
    return tuple(f"{archive_id[:12]}:{line_no}" for archive_id, line_no in rows)


def _as_found(files: Sequence[Path]) -> str:
    if not files:
        columns = ", ".join(f"CAST(NULL AS {DUCKDB_TYPES[column.kind]}) AS {column.name}" for column in LINES.columns)
        return f"SELECT {columns} WHERE false"
    return f"SELECT * FROM {parquet_sql(files)}"


def _declared(column: Column, found: str | None) -> str:
    declared = DUCKDB_TYPES[column.kind]
    if found is None:
        return f"CAST(NULL AS {declared}) AS {column.name}"
    return column.name if found == declared else f"TRY_CAST({column.name} AS {declared}) AS {column.name}"
