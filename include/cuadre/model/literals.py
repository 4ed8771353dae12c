"""Values as SQL literals of the standard kind, which mean the same on every engine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal


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
