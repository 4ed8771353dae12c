"""The engine that runs the same SQL models on Spark: each statement is turned by sqlglot, each result kept as Parquet.

What lives here: what a table, a view, a result and an input are on Spark, and what Spark's errors mean. How a session
comes about is in `cuadre.matching.spark_session`; the models, and what they mean, are those of every engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp, parse_one

from cuadre.matching.engine import BLANK, duckdb_engine
from cuadre.matching.spark_session import spark_session
from cuadre.model.errors import ConfigurationError, EngineUnavailable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_REASON = "STRUCT<code: STRING, field: STRING, expected: STRING, got: STRING, delta: DECIMAL(18,6)>"
_TEXTS = "code_ STRING, field_ STRING, expected_ STRING, got_ STRING"

_FUNCTIONS = (
    f"REASON({_TEXTS}, delta_ DECIMAL(18,6)) RETURNS {_REASON} "
    "RETURN STRUCT(code_ AS code, field_ AS field, expected_ AS expected, got_ AS got, delta_ AS delta)",
    f"NO_REASONS() RETURNS ARRAY<{_REASON}> RETURN CAST(ARRAY() AS ARRAY<{_REASON}>)",
    "JSON_TEXT(text_ STRING) RETURNS STRING RETURN "
    "COALESCE(SUBSTRING(TO_JSON(ARRAY(text_)), 2, LENGTH(TO_JSON(ARRAY(text_))) - 2), 'null')",
    "MICROS(instant_ TIMESTAMP) RETURNS BIGINT RETURN UNIX_MICROS(instant_)",
    "DIGEST(text_ STRING) RETURNS STRING RETURN LEFT(SHA2(text_, 256), 32)",
    "FILLED(text_ STRING) RETURNS STRING RETURN CASE WHEN text_ BETWEEN '!' AND '~' THEN text_ "
    rf"WHEN NOT RLIKE(text_, r'\A{BLANK}\z') THEN text_ END",
)

_NO_PATTERNS = "__globPaths__"
"""Spark's own name, in no manual, of the option that says whether brackets and stars in a path are a pattern."""

_UNFIT = ("CAST_", "NUMERIC_", "ARITHMETIC_", "FAILED_READ_FILE", "CANNOT_MERGE", "PARQUET_")
"""How the names of Spark's errors begin where a value or a file is at fault, and not the cluster."""


class SparkEngine:
    """Runs statements in one Spark session; what they leave is in a folder of its own and is gone with that."""

    small = 0  # a table is a job of its own, and days given to Spark are large

    def __init__(self, session: SparkSession, room: Path) -> None:
        self._session = session
        self._room = room
        self._results = 0
        for function in _FUNCTIONS:
            session.sql(f"CREATE OR REPLACE TEMPORARY FUNCTION {function}").collect()

    def run(self, sql: str) -> None:
        """Run one CREATE TABLE AS or CREATE VIEW AS.

        A table is Parquet in the room, so that the plan of the next step begins there; a view is its definition.
        """
        statement = parse_one(sql, read="duckdb")
        if not isinstance(statement, exp.Create):
            raise TypeError(f"{statement.key} is nothing a model may do")
        rows = self._query(statement.expression)
        if statement.kind == "TABLE":
            rows = self._kept(rows, statement.this.name)
        rows.createTempView(statement.this.name)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a small result."""
        return [tuple(row) for row in self._query(parse_one(sql, read="duckdb")).collect()]

    def write(self, sql: str, path: Path) -> int:
        """Write the rows of `sql`, in their order, as Parquet to `path`; returns how many there are.

        Spark leaves a row of files; DuckDB's writer makes one of them, with the bytes it makes of rows of its own.
        """
        self._results += 1
        rows = self._query(parse_one(sql, read="duckdb"))
        folder = self._room / f"result-{self._results}"
        rows.write.parquet(str(folder))
        with duckdb_engine(self._room) as writer:
            return writer.write(f"SELECT * FROM {writer.parquet(sorted(folder.glob('*.parquet')))}", path)

    def parquet(self, files: Sequence[Path]) -> str:
        """A table expression over `files`, of which there is at least one; columns are brought together by name."""
        self._results += 1
        name = f"files_{self._results}"
        reader = self._session.read.option("mergeSchema", "true").option(_NO_PATTERNS, "false")
        reader.parquet(*map(str, files)).createTempView(name)
        return name

    def _query(self, statement: exp.Expr) -> DataFrame:
        return self._session.sql(statement.transform(_spoken).sql(dialect="spark", comments=False))

    def _kept(self, rows: DataFrame, name: str) -> DataFrame:
        folder = str(self._room / name)
        rows.write.parquet(folder)
        return self._session.read.schema(rows.schema).parquet(folder)


@contextmanager
def spark_engine(room: Path, remote: str | None = None) -> Iterator[SparkEngine]:
    """An engine for the time of a `with`, on the cluster at `remote`, or in this process and its threads.

    Args:
        room: An empty folder for everything on its way, which the cluster has to see under the same path.
        remote: A Spark Connect address such as `sc://spark:15002`.

    Raises:
        ConfigurationError: pyspark or Java is not there, or a value of the input does not fit its column; Spark's
            words, which quote it, are dropped.
        EngineUnavailable: the cluster could not be reached or gave up.
    """
    with spark_session(room, remote) as session:
        from pyspark.errors import PySparkException

        getLogger("SQLQueryContextLogger").disabled = True  # it would print the statement and the values in it
        try:
            yield SparkEngine(session, room)
        except PySparkException as error:
            raise _meaning(error) from None


def _spoken(node: exp.Expr) -> exp.Expr:
    """What sqlglot leaves as it is and Spark calls by another name."""
    if isinstance(node, exp.Anonymous) and node.name == "LIST_EXTRACT":
        rows, place = node.expressions
        return exp.func("TRY_ELEMENT_AT", rows, exp.cast(place, "INT"))
    return node


def _meaning(error: Any) -> Exception:
    condition = str(error.getCondition() or type(error).__name__)
    if condition.startswith(_UNFIT):
        return ConfigurationError(
            "A value in the input does not fit its column's canonical type; check amounts, dates and line numbers."
        )
    return EngineUnavailable(f"Spark gave up: {condition}. Its own log says more.")
