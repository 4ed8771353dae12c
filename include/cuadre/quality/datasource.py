"""DuckDB for Great Expectations: a datasource type, and an expectation that counts and never fetches rows.

Great Expectations closes a connection before it reads the result, unless the dialect is on its own list; DuckDB is
not, hence an engine that keeps one connection. Imports Great Expectations: import this module only when checking.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import duckdb_engine
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation

if TYPE_CHECKING:
    from sqlalchemy import Connection

# SQLAlchemy's compiler keeps functions of duckdb_engine, and with Great Expectations loaded it outlives the clearing of
# modules at exit; DuckDB's binding would then list, on standard error, every type that is still alive.
atexit.register(vars(duckdb_engine).clear)


EngineType = type[SqlAlchemyExecutionEngine]


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Runs metrics as SQL over one connection, kept until `close`."""

    @contextmanager
    def get_connection(self) -> Iterator[Connection]:
        """The one connection."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def close(self) -> None:
        """Give the connection back and let the database go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.engine.dispose()


class DuckDBDatasource(SQLDatasource):
    """A DuckDB database, named by a `duckdb:///` address."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]  # each datasource has its own name for itself

    @property
    def execution_engine_type(self) -> EngineType:
        """The engine that keeps its connection."""
        return DuckDBExecutionEngine


class LinesExpectation(UnexpectedRowsExpectation):
    """No line is selected by the query.

    Asks for the number of unexpected lines only, so no content of a line reaches a result or the data docs.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        unexpected = metrics["unexpected_rows_query.row_count"]
        return {"success": unexpected == 0, "result": {"observed_value": unexpected}}
