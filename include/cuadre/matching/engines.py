"""The engines there are, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from cuadre.config.settings import Compute
from cuadre.matching.engine import Engine, duckdb_engine
from cuadre.model.errors import ConfigurationError

OpenEngine = Callable[[Compute, Path], AbstractContextManager[Engine]]
"""What opens an engine for the time of a `with`."""


@contextmanager
def open_engine(compute: Compute, room: Path) -> Iterator[Engine]:
    """The engine `compute` names, for the time of a `with`; what it keeps on the way is in the folder `room`.

    Raises:
        ConfigurationError: there is no such engine, or what it needs is not installed; and what the engine raises.
    """
    if compute.engine == "duckdb":
        with duckdb_engine(room, compute.memory_limit) as duckdb:
            yield duckdb
    elif compute.engine == "spark":
        from cuadre.matching.spark import spark_engine

        with spark_engine(room, compute.spark_remote) as spark:
            yield spark
    else:
        raise ConfigurationError(f"There is no engine {compute.engine!r}; use duckdb or spark.")
