"""The engine that runs the SQL models: DuckDB in process, with a stated memory limit and a spill folder.

The models call four functions an engine has to bring: REASON and NO_REASONS build the `reasons` column, JSON_TEXT
writes a text as JSON, ITEM_ID digests it. What does not live here: the models, their order, and files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cuadre.model.errors import ConfigurationError

MEMORY_LIMIT = "1200MB"
"""Bound of the engine's own memory; beyond it, DuckDB spills to the folder it is given."""

_REASON = "STRUCT(code VARCHAR, field VARCHAR, expected VARCHAR, got VARCHAR, delta DECIMAL(18,6))"

_FUNCTIONS = (
    "CREATE MACRO REASON(code_, field_, expected_, got_, delta_) AS {"
    "'code': CAST(code_ AS VARCHAR), 'field': CAST(field_ AS VARCHAR), 'expected': CAST(expected_ AS VARCHAR), "
    "'got': CAST(got_ AS VARCHAR), 'delta': CAST(delta_ AS DECIMAL(18,6))}",
    f"CREATE MACRO NO_REASONS() AS CAST([] AS {_REASON}[])",
    "CREATE MACRO JSON_TEXT(text_) AS COALESCE(CAST(TO_JSON(text_) AS VARCHAR), 'null')",
    "CREATE MACRO ITEM_ID(json_) AS LEFT(SHA256(json_), 32)",
)


class DuckDbEngine:
    """Runs statements in one in-process database that is gone when it is closed."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str) -> None:
        """Run one statement."""
        self._connection.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a small result."""
        return self._connection.execute(sql).fetchall()

    def table(self, sql: str) -> pa.Table:
        """The whole result as an Arrow table, in the order of the statement."""
        return self._connection.sql(sql).to_arrow_table()


@contextmanager
def duckdb_engine(spill: Path, memory_limit: str = MEMORY_LIMIT, threads: int | None = None) -> Iterator[DuckDbEngine]:
    """An engine for the time of a `with`; it may write to the folder `spill`, which has to exist."""
    config: dict[str, Any] = {"temp_directory": str(spill), "memory_limit": memory_limit}
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        for function in _FUNCTIONS:
            connection.execute(function)
        yield DuckDbEngine(connection)
    except duckdb.ConversionException as error:
        raise ConfigurationError(
            "A value in the input does not fit its column's canonical type; check amounts, dates and line numbers."
        ) from error
    finally:
        connection.close()
