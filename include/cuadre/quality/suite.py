"""Runs the declared expectations through Great Expectations over a DuckDB database.

Everything is made for one day and thrown away: an ephemeral context, a database in memory, names of their own. Great
Expectations keeps its current context in a global, so days in one process take turns. Nothing is sent anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any
from uuid import uuid4

import great_expectations as gx
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.metadata_types import FailureSeverity
from sqlalchemy import Connection, create_engine

from cuadre.config.settings import DEFAULT_MEMORY_LIMIT
from cuadre.config.source import Source
from cuadre.quality.datasource import DuckDBDatasource, LinesExpectation
from cuadre.quality.expectations import Expectation

_TURN = Lock()


@contextmanager
def database() -> Iterator[tuple[str, Connection]]:
    """A DuckDB database in memory of its own: its address, and a connection during which it lives.

    What does not fit into memory is spilled to a folder that goes with it.
    """
    address = f"duckdb:///:memory:check_{uuid4().hex}"
    engine = create_engine(address)
    with TemporaryDirectory(prefix="cuadre-check-") as spill:
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"SET temp_directory = '{spill}'")
                connection.exec_driver_sql(f"SET memory_limit = '{DEFAULT_MEMORY_LIMIT}'")
                yield address, connection
        finally:
            engine.dispose()


def count_unexpected(expectations: Sequence[Expectation], source: Source, day: date, *, address: str) -> dict[str, int]:
    """How many lines broke each expectation, by name; 0 where it held.

    `address` is that of a DuckDB database with the views of `lines.py`. An expectation whose query cannot be run
    raises RuntimeError: that is a fault of ours.
    """
    with _TURN:
        context = gx.get_context(mode="ephemeral", project_config=_config())
        datasource = context.data_sources.add_duckdb(name=f"{source.source}_{day:%Y%m%d}", connection_string=address)
        try:
            result = _definition(context, datasource, expectations, source, day).run(
                result_format="BASIC",
                run_id=RunIdentifier(run_name=f"{day}", run_time=source.as_of(day)),
            )
        finally:
            datasource.get_execution_engine().close()
            datasource.get_engine().dispose()
    return dict(_counted(each) for each in result.results)


def _config() -> DataContextConfig:
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        data_docs_sites={},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )


def _definition(
    context: Any, datasource: DuckDBDatasource, expectations: Sequence[Expectation], source: Source, day: date
) -> Any:
    name = datasource.name
    batch = datasource.add_table_asset(name="lines", table_name="lines").add_batch_definition_whole_table("day")
    suite = context.suites.add(
        gx.ExpectationSuite(name=name, expectations=[_as_expectation(each, source, day) for each in expectations])
    )
    return context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))


def _as_expectation(each: Expectation, source: Source, day: date) -> LinesExpectation:
    return LinesExpectation(
        unexpected_rows_query=each.query(source, day),
        severity=FailureSeverity(each.severity.value),
        description=f"{each.name} ({each.severity.value}): {each.doc}",
        meta={"name": each.name},
    )


def _counted(result: Any) -> tuple[str, int]:
    name = result.expectation_config.meta["name"]
    if "observed_value" not in result.result:
        raise RuntimeError(f"The expectation {name} could not be evaluated.")
    return name, int(result.result["observed_value"])
