"""Reads what became of open breaks between two moments; the warehouse's function `recon.movement` works it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg.rows import class_row

from cuadre.model.columns import MOVEMENT
from cuadre.model.errors import ConfigurationError
from cuadre.warehouse import connect

_HINT = "Migrate the schema recon first."


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of `recon.movement`, which adds up: end = start + opened + changed_in - closed - changed_out.

    Money is what is at risk, in `currency`.
    """

    source: str
    currency: str
    outcome: str
    start_count: int
    start_money: Decimal
    opened_count: int
    opened_money: Decimal
    closed_count: int
    closed_money: Decimal
    changed_in_count: int
    changed_in_money: Decimal
    changed_out_count: int
    changed_out_money: Decimal
    end_count: int
    end_money: Decimal


def movements(url: str, since: datetime, until: datetime, source: str | None = None) -> list[Movement]:
    """What became of open breaks from `since` until `until`, both aware, as it was believed at each of them.

    Args:
        url: The warehouse.
        since: The first moment.
        until: The second moment.
        source: Only this source; all of them when not given.

    Raises:
        ConfigurationError: `until` is before `since`, or the schema `recon` is missing.
        WarehouseUnavailable: The warehouse cannot be reached.
    """
    if until < since:
        raise ConfigurationError("The second moment is before the first.")
    columns = ", ".join(f"m.{name}" for name in MOVEMENT.names)
    query = f"SELECT {columns} FROM recon.movement(%(since)s, %(until)s) AS m"
    if source is not None:
        query += " WHERE m.source = %(source)s"
    order = " ORDER BY m.source, m.currency, m.outcome"
    with connect(url, _HINT) as connection, connection.cursor(row_factory=class_row(Movement)) as cursor:
        cursor.execute((query + order).encode(), {"since": since, "until": until, "source": source})
        return cursor.fetchall()
