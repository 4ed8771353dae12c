"""Parameters into models: a small fixed set of quoted literals, and nothing else.

Models are `string.Template` texts. Values are written as SQL literals of the standard kind, so that the rendered
statement means the same on every engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from string import Template


def render(model: str, parameters: Mapping[str, str]) -> str:
    """The statement of model `model` with its parameters, which are SQL already; KeyError when one is missing."""
    return Template(_text(model)).substitute(parameters)


def literal(value: str | int | date | datetime | Decimal) -> str:
    """`value` as an SQL literal; a datetime has to be aware and is written in UTC."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, Decimal):
        return f"CAST('{value:f}' AS DECIMAL(18, 6))"
    return str(int(value))


def literals(values: Iterable[str]) -> str:
    """Texts as the inside of an IN list."""
    return ", ".join(literal(value) for value in values)


@cache
def _text(model: str) -> str:
    return files("cuadre.matching").joinpath("sql", f"{model}.sql").read_text(encoding="utf-8")
