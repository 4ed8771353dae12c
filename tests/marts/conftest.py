"""Fixtures: the source whose days are published, and a reader of the marts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from cuadre.config import Source, load_source

Reader = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def source() -> Source:
    """The example source: PEN at 3.99 %, at least S/3.50, tax 18 %."""
    return load_source(Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml")


@pytest.fixture
def read(warehouse_url: str) -> Reader:
    """Rows of a query as dicts, read over a connection of its own."""

    def rows(query: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(warehouse_url, row_factory=dict_row) as connection:
            return connection.execute(query, values or None).fetchall()

    return rows
