"""What the warehouse believes of a day: replacing it, row by row, and adding it up. Runs inside the caller's
transaction and never commits.

Rows are never deleted or overwritten: a row no longer believed gets `known_to`, its successor the same instant as
`known_from`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from cuadre.marts.history import KNOWN_FROM, SCHEMA, history_name
from cuadre.model.columns import ARCHIVE_ADMISSION, RECON_LINE, Kind, Table
from cuadre.warehouse import copy_in

VOLATILE = frozenset({"seen_at", "checked_at", "published_at"})
"""When something was done, not what was found: doing it again with the same result changes no belief."""

Sums = dict[str, tuple[Decimal, ...]]
"""By currency ('' for marts without one): number of rows, then sums of the money and count columns."""


@dataclass(frozen=True, slots=True)
class Day:
    """Whose rows are meant: one source's settlement day."""

    source: str
    settlement_date: date

    def condition(self, alias: str = "") -> sql.Composable:
        """SQL for today's belief of this day's rows."""
        return sql.SQL("{a}source = {s} AND {a}settlement_date = {d} AND {a}known_to IS NULL").format(
            a=sql.SQL(alias), s=sql.Literal(self.source), d=sql.Literal(self.settlement_date)
        )


def lock(cursor: psycopg.Cursor[Any], source: str) -> None:
    """Wait until no other transaction publishes this source; the lock ends with the transaction."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('cuadre.publish'), hashtext(%s))", (source,))


def instant(cursor: psycopg.Cursor[Any], day: Day, marts: tuple[Table, ...], now: datetime) -> datetime:
    """`now`, or just after the latest belief of the day, so that beliefs follow each other whatever the clock says."""
    latest = [now]
    for mart in marts:
        cursor.execute(sql.SQL("SELECT max(known_from) FROM {} h WHERE {}").format(_history(mart), day.condition("h.")))
        known = _one(cursor)[0]
        if known is not None:
            latest.append(known + timedelta(microseconds=1))
    return max(latest)


def replace(
    cursor: psycopg.Cursor[Any], duck: duckdb.DuckDBPyConnection, mart: Table, day: Day, known_from: datetime
) -> bool:
    """Make today's belief of `day` in `mart` equal to the relation of that name in `duck`; say whether it changed.

    Rows that are as they were stay untouched. Archives seen earlier stay believed even when this run did not see
    them.
    """
    if _believed(cursor, mart, day) == 0:
        return _append(cursor, duck, mart, _history(mart), known_from) > 0
    stage = sql.Identifier(f"stage_{mart.name}")
    columns = sql.SQL(", ").join(map(sql.Identifier, (*mart.names, "known_from")))
    cursor.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            stage, columns, _history(mart)
        )
    )
    _append(cursor, duck, mart, stage, known_from)
    cursor.execute(sql.SQL("ANALYZE {}").format(stage))
    closed = _close(cursor, mart, day, stage, known_from)
    cursor.execute(
        sql.SQL(
            "INSERT INTO {h} ({c}) SELECT {c} FROM {s} s WHERE NOT EXISTS (SELECT FROM {h} h WHERE {d} AND {k})"
        ).format(h=_history(mart), c=columns, s=stage, d=day.condition("h."), k=_same(mart.key)),
    )
    return closed + cursor.rowcount > 0


def sums_in_warehouse(cursor: psycopg.Cursor[Any], mart: Table, day: Day) -> Sums:
    """Today's belief of the day, added up by the warehouse.

    It knows nothing yet of rows of this very transaction, expects one, and would sort a million on disk to group them.
    """
    cursor.execute("SET LOCAL enable_sort = off")
    cursor.execute(
        sql.SQL("SELECT {} FROM {} WHERE {} GROUP BY 1").format(
            sql.SQL(_measures(mart)),
            _history(mart),
            day.condition(),  # names of the registry only
        )
    )
    return {row[0]: tuple(map(Decimal, row[1:])) for row in cursor.fetchall()}


def sums_in_files(duck: duckdb.DuckDBPyConnection, mart: Table) -> Sums:
    """The same, added up by DuckDB from the day's files."""
    rows = duck.execute(f"SELECT {_measures(mart)} FROM {mart.name} GROUP BY 1").fetchall()
    return {row[0]: tuple(map(Decimal, row[1:])) for row in rows}


def named(mart: Table, sums: Sums) -> dict[str, dict[str, Decimal]]:
    """The sums of `mart` with their names: `row_count`, then the columns added up."""
    names = ("row_count", *_added(mart))
    return {currency: dict(zip(names, values, strict=True)) for currency, values in sorted(sums.items())}


def _measures(mart: Table) -> str:
    currency = "currency" if "currency" in mart.names else "''"
    return ", ".join([currency, "COUNT(*)", *(f"COALESCE(SUM({name}), 0)" for name in _added(mart))])


def _added(mart: Table) -> list[str]:
    kinds = {Kind.MONEY} if mart is RECON_LINE else {Kind.MONEY, Kind.COUNT}  # for the long one what matters
    return [column.name for column in mart.columns if column.kind in kinds]


def _believed(cursor: psycopg.Cursor[Any], mart: Table, day: Day) -> int:
    cursor.execute(
        sql.SQL("SELECT count(*) FROM (SELECT FROM {} WHERE {} LIMIT 1) r").format(_history(mart), day.condition())
    )
    return int(_one(cursor)[0])


def _append(
    cursor: psycopg.Cursor[Any],
    duck: duckdb.DuckDBPyConnection,
    mart: Table,
    table: sql.Composable,
    known_from: datetime,
) -> int:
    names = ", ".join(f'"{name}"' for name in mart.names)
    rows = f"SELECT {names}, TIMESTAMPTZ '{known_from.isoformat()}' FROM {mart.name}"
    return copy_in(cursor, table, (*mart.columns, KNOWN_FROM), duck, rows)


def _close(cursor: psycopg.Cursor[Any], mart: Table, day: Day, stage: sql.Composable, known_from: datetime) -> int:
    """Close rows that differ from the stage's, or that it no longer has; give their number."""
    content = [name for name in mart.names if name not in VOLATILE]
    as_before = sql.SQL("(SELECT FROM {} s WHERE {} AND ROW({}) IS NOT DISTINCT FROM ROW({}))").format(
        stage, _same(mart.key), _columns("h.", content), _columns("s.", content)
    )
    gone = sql.SQL("NOT EXISTS {}").format(as_before)
    if mart is ARCHIVE_ADMISSION:
        replaced = sql.SQL(" AND EXISTS (SELECT FROM {} s WHERE {})").format(stage, _same(mart.key))
        gone = gone + replaced
    cursor.execute(
        sql.SQL("UPDATE {} h SET known_to = {} WHERE {} AND {}").format(
            _history(mart), sql.Literal(known_from), day.condition("h."), gone
        )
    )
    return cursor.rowcount


def _same(key: tuple[str, ...]) -> sql.Composable:
    return sql.SQL(" AND ").join(sql.SQL("h.{0} = s.{0}").format(sql.Identifier(name)) for name in key)


def _columns(alias: str, names: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL("{}{}").format(sql.SQL(alias), sql.Identifier(name)) for name in names)


def _history(mart: Table) -> sql.Composable:
    return sql.Identifier(SCHEMA, history_name(mart))


def _one(cursor: psycopg.Cursor[Any]) -> tuple[Any, ...]:
    row = cursor.fetchone()
    assert row is not None
    return tuple(row)
