"""The incidents as the warehouse holds them: the table `recon.incident`, read and written under a lock."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row

from cuadre.model.codes import IncidentKind
from cuadre.model.columns import INCIDENT
from cuadre.model.records import Incident, from_json
from cuadre.warehouse import connect

_HINT = "Migrate the schema recon first."
_COLUMNS = ", ".join(f'"{name}"' for name in INCIDENT.names)


def open_incidents(url: str, source: str, day: date) -> tuple[Incident, ...]:
    """Incidents of the day that are open, by id.

    Raises:
        WarehouseUnavailable: The warehouse cannot be reached.
        ConfigurationError: The schema `recon` is missing.
    """
    with connect(url, _HINT) as connection, connection.cursor() as cursor:
        return tuple(each for each in incidents_of(cursor, source, day) if each.recovered_at is None)


def days_open(url: str, source: str, kind: IncidentKind) -> tuple[date, ...]:
    """Days of which an incident of this kind is open; raises as `open_incidents` does."""
    with connect(url, _HINT) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT settlement_date FROM recon.incident WHERE source = %s AND kind = %s AND recovered_at IS NULL",
            (source, kind.name),
        )
        return tuple(sorted(row[0] for row in cursor))


@contextmanager
def locked(url: str, source: str, day: date) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor that alone may change the incidents of this day until the block ends; then committed."""
    with connect(url, _HINT) as connection, connection.cursor() as cursor:
        key = f"{source}/{day.isoformat()}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('cuadre.incident'), hashtext(%s))", (key,))
        yield cursor


def incidents_of(cursor: psycopg.Cursor[Any], source: str, day: date) -> list[Incident]:
    """All incidents of the day, recovered ones too, by id."""
    with cursor.connection.cursor(row_factory=dict_row) as rows:
        rows.execute(
            f"SELECT {_COLUMNS} FROM recon.incident WHERE source = %s AND settlement_date = %s ORDER BY incident_id",
            (source, day),
        )
        return [from_json(Incident, row) for row in rows]


def save(cursor: psycopg.Cursor[Any], incident: Incident) -> None:
    """Write the incident as it stands now."""
    row = {field.name: getattr(incident, field.name) for field in dataclasses.fields(incident)}
    row |= {"kind": incident.kind.name, "state": incident.state.value}
    values = ", ".join(f"%({name})s" for name in INCIDENT.names)
    news = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in INCIDENT.names if name not in INCIDENT.key)
    cursor.execute(
        f"INSERT INTO recon.incident ({_COLUMNS}) VALUES ({values}) ON CONFLICT (incident_id) DO UPDATE SET {news}",
        row,
    )
