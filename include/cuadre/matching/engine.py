"""What an engine is that runs the SQL models, and the usual one: DuckDB in process, with a limit and a spill folder.

The models call six functions an engine has to bring: REASON and NO_REASONS build the `reasons` column, JSON_TEXT
writes a text as JSON, DIGEST shortens it, FILLED makes a blank text NULL, MICROS is an instant in microseconds. What
does not live here: the models, their order, what is in the files, and the other engine, which is in
`cuadre.matching.spark`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb

from cuadre.config.settings import DEFAULT_MEMORY_LIMIT
from cuadre.matching.types import REASON
from cuadre.model.errors import ConfigurationError
from cuadre.model.literals import literal
from cuadre.model.parquet import parquet_sql

BLANK = r"[\p{Z}\p{Cc}\p{Cf}]*"
"""Nothing to be seen: white space of every script, control characters, and what has no width."""

_FUNCTIONS = (
    "CREATE MACRO REASON(code_, field_, expected_, got_, delta_) AS {"
    "'code': CAST(code_ AS VARCHAR), 'field': CAST(field_ AS VARCHAR), 'expected': CAST(expected_ AS VARCHAR), "
    "'got': CAST(got_ AS VARCHAR), 'delta': CAST(delta_ AS DECIMAL(18,6))}",
    f"CREATE MACRO NO_REASONS() AS CAST([] AS {REASON}[])",
    "CREATE MACRO JSON_TEXT(text_) AS COALESCE(CAST(TO_JSON(text_) AS VARCHAR), 'null')",
    "CREATE MACRO DIGEST(text_) AS LEFT(SHA256(text_), 32)",
    "CREATE MACRO MICROS(instant_) AS EPOCH_US(instant_)",
    # A text that starts with a printed ASCII character is not blank: that is cheap to see, so few are searched.
    "CREATE MACRO FILLED(text_) AS CASE WHEN text_ BETWEEN '!' AND '~' THEN text_ "
    f"WHEN NOT REGEXP_FULL_MATCH(text_, {literal(BLANK)}) THEN text_ END",
)


class Engine(Protocol):
    """What runs the models: statements in the words of DuckDB, over tables and views that are gone with the engine."""

    small: int
    """Bytes of Parquet up to which the inputs of a day are better kept as tables than read at each use."""

    def run(self, sql: str) -> None:
        """Run one CREATE TABLE AS or CREATE VIEW AS."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a small result."""

    def write(self, sql: str, path: Path) -> int:
        """Write the rows of `sql`, in their order, as Parquet to `path`; returns how many there are.

        The same rows in the same order give the same bytes, on every engine.
        """

    def parquet(self, files: Sequence[Path]) -> str:
        """A table expression over `files`, of which there is at least one; columns are brought together by name."""


class DuckDbEngine:
    """Runs statements in one in-process database that is gone when it is closed."""

    small = 1_000_000  # some ten thousand lines, of which planning to read them is more work than reading them

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str) -> None:
        """Run one statement."""
        self._connection.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a small result."""
        return self._connection.execute(sql).fetchall()

    def write(self, sql: str, path: Path) -> int:
        """Write the rows of `sql`, in their order, as Parquet to `path`; returns how many there are.

        Row groups are cut at a fixed number of rows and encoded in parallel, so the same rows in the same order give
        the same bytes whatever the number of threads. Every column is declared to take NULL: left alone, DuckDB
        declares what its statistics happen to tell, which depends on where the rows come from. A sort that nearly fits
        the memory limit finds too late that it does not; where memory runs out, it is told to spill from the start.
        """
        options = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880"
        copy = f"COPY ({sql}) TO {literal(str(path))} ({options})"
        self.run("SET disabled_optimizers = 'statistics_propagation'")
        try:
            try:
                ((written,),) = self.rows(copy)
            except duckdb.OutOfMemoryException:
                self.run("SET debug_force_external = true")
                ((written,),) = self.rows(copy)
        finally:
            self.run("RESET disabled_optimizers")
            self.run("RESET debug_force_external")
        return int(written)

    def parquet(self, files: Sequence[Path]) -> str:
        """A table expression over `files`, of which there is at least one; columns are brought together by name."""
        return parquet_sql(files)


def open_duckdb(
    spill: Path, memory_limit: str = DEFAULT_MEMORY_LIMIT, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """A database in memory with what the models call; it may write to the folder `spill`, which has to exist."""
    config: dict[str, Any] = {"temp_directory": str(spill), "memory_limit": memory_limit}
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    for function in _FUNCTIONS:
        connection.execute(function)
    return connection


@contextmanager
def duckdb_engine(
    spill: Path, memory_limit: str = DEFAULT_MEMORY_LIMIT, threads: int | None = None
) -> Iterator[DuckDbEngine]:
    """An engine for the time of a `with`; it may write to the folder `spill`, which has to exist.

    Raises:
        ConfigurationError: a value of the input does not fit its column (DuckDB's words, which quote it, are dropped),
            a file is damaged, or the memory limit is too low to spill with.
        OSError: a file cannot be written or read, as when the disk is full.
    """
    connection = open_duckdb(spill, memory_limit, threads)
    try:
        yield DuckDbEngine(connection)
    except (duckdb.ConversionException, duckdb.OutOfRangeException):
        raise ConfigurationError(
            "A value in the input does not fit its column's canonical type; check amounts, dates and line numbers."
        ) from None
    except duckdb.InvalidInputException as error:
        if "Failed to read file" not in str(error):
            raise
        raise ConfigurationError("A file that was given is damaged, so that it cannot be read to its end.") from None
    except duckdb.OutOfMemoryException:
        raise ConfigurationError(
            f"{memory_limit} of memory are too few for this day, even with what is spilled; raise CUADRE_MEMORY_LIMIT."
        ) from None
    except duckdb.IOException as error:
        raise OSError(str(error).removeprefix("IO Error: ").rstrip(".")) from None
    finally:
        connection.close()
