"""The step `publish`: a day's rows into the warehouse's marts, in one transaction, proven by control sums.

Readers see the old day or the new day, never half. What does not live here: how rows are made (`cuadre.marts.fill`)
and how beliefs are kept (`cuadre.marts.belief`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import duckdb
import psycopg

from cuadre.config.source import Source
from cuadre.evidence import made_by
from cuadre.marts import belief
from cuadre.marts.belief import Day
from cuadre.marts.day import AdmissionRow, DayFiles
from cuadre.marts.fill import FILLED, fill, filled, offer, recorded
from cuadre.marts.fingerprint import input_hash, mart_hash, seal
from cuadre.marts.reopened import note_reopened
from cuadre.model.columns import ARCHIVE_ADMISSION, CHECK_RESULT, RECON_LINE, RUN_RECEIPT, Table
from cuadre.model.digests import sha256_of
from cuadre.model.errors import ControlSumMismatch
from cuadre.model.records import CheckReport, Publication
from cuadre.warehouse import connect

_MIGRATE = "Migrate the schema recon first, and see that the user may write to it."

_REPLACED = tuple(mart for mart in FILLED if mart is not ARCHIVE_ADMISSION)
"""Marts whose rows of a day are exactly the last run's; archives once seen stay."""

Receipt = dict[str, Any]
"""A row of `recon.run_receipt`, or most of one, by column."""


def publish(day: DayFiles, source: Source, *, url: str, now: datetime) -> Publication:
    """Make the marts of `source` say what `day` says; all of it or nothing.

    A first publication copies the lines straight in, while a thread makes the other marts and works out from the files
    what has to be there afterwards. A later one closes rows that changed (`known_to`), adds the new ones and leaves
    equal ones alone; when nothing changed at all, nothing is written. When the files, the code and the rules are those
    of the last publication, and the sums read back are too, not even a row is made. Two at once on one source wait for
    each other. Sums of rows and money, by mart and currency, are read back and compared before the commit.

    Args:
        day: The day's files and records.
        source: Whose day it is.
        url: The warehouse, a PostgreSQL URL.
        now: The moment from which the rows are believed, aware.

    Raises:
        ControlSumMismatch: The warehouse does not hold what was sent; rolled back.
        WarehouseUnavailable: It could not be reached or broke off; nothing was committed.
        ConfigurationError: The schema `recon` is not there: migrate first.
    """
    which = Day(source.source, day.settlement_date)
    with connect(url, _MIGRATE) as connection, connection.cursor() as cursor:
        belief.lock(cursor, source.source)
        inputs, earlier = input_hash(day, repr(made_by(source))), _earlier(cursor, which)
        held = _held(cursor, which) if earlier else {}
        if earlier and earlier["seal"] == seal(inputs, held):
            rows = {mart: int(sum(sums[0] for sums in of_mart.values())) for mart, of_mart in held.items()}
            rows[ARCHIVE_ADMISSION.name] = len({row.admission.archive_id for row in day.admissions})
            return _publication(which, rows, held, earlier)
        return _publish(cursor, day, source, inputs, earlier, held, now)


def _publish(
    cursor: psycopg.Cursor[Any],
    day: DayFiles,
    source: Source,
    inputs: str,
    earlier: Receipt | None,
    held: dict[str, belief.Sums],
    now: datetime,
) -> Publication:
    """Make all rows, and of those that are not there yet, believe them."""
    which = Day(source.source, day.settlement_date)
    with (
        filled(day, source, now) as duck,
        duck.cursor() as beside,
        ThreadPoolExecutor(1, "cuadre-sums") as thread,
    ):
        rest = thread.submit(fill, beside, source)
        receipt = thread.submit(_receipt, beside, day)
        wanted = thread.submit(_wanted, beside)
        at = None if earlier is None or not _agrees(earlier, receipt.result()) else earlier["published_at"]
        changed: list[bool] = []
        if at is None or held != wanted.result():
            at = belief.instant(cursor, which, (*FILLED, RUN_RECEIPT), now)
            changed = [belief.replace(cursor, duck, RECON_LINE, which, at)]
            rest.result()
            changed += [belief.replace(cursor, duck, mart, which, at) for mart in FILLED if mart is not RECON_LINE]
            held = _prove(cursor, duck, which, wanted.result())
            note_reopened(cursor, duck, which, at, earlier["published_at"] if earlier else None)
            _sign(cursor, duck, which, {**receipt.result(), "seal": seal(inputs, held)}, at)
        rows = {mart.name: _count(duck, mart, wanted.result()) for mart in FILLED}
    return _publication(which, rows, held, receipt.result() | {"published_at": at}, changed=any(changed))


def _publication(
    day: Day, rows: dict[str, int], held: dict[str, belief.Sums], receipt: Receipt, *, changed: bool = False
) -> Publication:
    return Publication(
        source=day.source,
        settlement_date=day.settlement_date,
        changed=changed,
        rows={mart.name: rows[mart.name] for mart in FILLED},
        mart_hash=receipt["mart_hash"],
        published_at=receipt["published_at"],
        control_sums={mart.name: belief.named(mart, held[mart.name]) for mart in _REPLACED},
    )


def record_admissions(
    admissions: tuple[AdmissionRow, ...], source: Source, day: date, *, url: str, now: datetime
) -> bool:
    """Record archives seen for a day that is not published, in a transaction of its own; whether anything changed.

    Nothing else of the day is touched. Raises as `publish` does.
    """
    return _record(ARCHIVE_ADMISSION, source, day, admissions, None, url=url, now=now)


def record_checks(check: CheckReport, source: Source, *, url: str, now: datetime) -> bool:
    """Record what the expectations said of a day whose gate closed; whether anything changed.

    Nothing else of the day is touched. Raises as `publish` does.
    """
    return _record(CHECK_RESULT, source, check.settlement_date, (), check, url=url, now=now)


def _record(
    mart: Table,
    source: Source,
    day: date,
    admissions: tuple[AdmissionRow, ...],
    check: CheckReport | None,
    *,
    url: str,
    now: datetime,
) -> bool:
    which = Day(source.source, day)
    with (
        recorded(source, day, admissions, check, now) as duck,
        connect(url, _MIGRATE) as connection,
        connection.cursor() as cursor,
    ):
        belief.lock(cursor, source.source)
        at = belief.instant(cursor, which, (mart,), now)
        return belief.replace(cursor, duck, mart, which, at)


def _receipt(duck: duckdb.DuckDBPyConnection, day: DayFiles) -> Receipt:
    outcome_hash = sha256_of(day.outcomes)
    counts = duck.execute("SELECT (SELECT COUNT(*) FROM lines), (SELECT COUNT(*) FROM outcomes)").fetchone()
    assert counts is not None
    return {
        "as_of": day.as_of,
        "archives": sum(row.admission.verdict == "admitted" for row in day.admissions),
        "lines": counts[0],
        "items": counts[1],
        "snapshot_hash": day.snapshot_hash,
        "outcome_hash": outcome_hash,
        "mart_hash": mart_hash(duck, outcome_hash),
    }


def _earlier(cursor: psycopg.Cursor[Any], day: Day) -> Receipt | None:
    """What the day's last publication left of itself; None when there was none."""
    cursor.execute(
        "SELECT * FROM recon.run_receipt WHERE source = %s AND settlement_date = %s", (day.source, day.settlement_date)
    )
    found = cursor.fetchone()
    if found is None:
        return None
    names = [column.name for column in cursor.description or ()]
    return dict(zip(names, found, strict=True))


def _agrees(earlier: Receipt, receipt: Receipt) -> bool:
    return all(earlier[name] == value for name, value in receipt.items())


def _wanted(duck: duckdb.DuckDBPyConnection) -> dict[str, belief.Sums]:
    """What the marts should add up to, from the day's files."""
    return {mart.name: belief.sums_in_files(duck, mart) for mart in _REPLACED}


def _held(cursor: psycopg.Cursor[Any], day: Day) -> dict[str, belief.Sums]:
    """What the marts do add up to, whatever was sent: someone may have altered rows by hand."""
    return {mart.name: belief.sums_in_warehouse(cursor, mart, day) for mart in _REPLACED}


def _prove(
    cursor: psycopg.Cursor[Any], duck: duckdb.DuckDBPyConnection, day: Day, wanted: dict[str, belief.Sums]
) -> dict[str, belief.Sums]:
    """What the marts add up to, which is what was wanted."""
    held = _held(cursor, day)
    for mart in _REPLACED:
        if held[mart.name] != wanted[mart.name]:
            raise ControlSumMismatch(_difference(mart, day, wanted[mart.name], held[mart.name]))
    archives = [row[0] for row in duck.execute("SELECT archive_id FROM archive_admission").fetchall()]
    cursor.execute(
        "SELECT count(*) FROM recon.archive_admission WHERE source = %s AND settlement_date = %s "
        "AND archive_id = ANY(%s)",
        (day.source, day.settlement_date, archives),
    )
    held_archives = cursor.fetchone()
    if held_archives != (len(archives),):
        raise ControlSumMismatch(f"{day.source} {day.settlement_date}: archive_admission lacks rows. Rolled back.")
    return held


def _difference(mart: Table, day: Day, sent: belief.Sums, held: belief.Sums) -> str:
    wrong = sorted(
        currency or "all" for currency in sent.keys() | held.keys() if sent.get(currency) != held.get(currency)
    )
    rows = f"{sum(s[0] for s in sent.values())} rows were sent, {sum(s[0] for s in held.values())} are there"
    return (
        f"{day.source} {day.settlement_date}: {mart.name} does not add up ({', '.join(wrong)}; {rows}). Rolled back; "
        "look for triggers or rules on the schema recon, or another writer."
    )


def _sign(
    cursor: psycopg.Cursor[Any], duck: duckdb.DuckDBPyConnection, day: Day, receipt: Receipt, at: datetime
) -> None:
    row = {"source": day.source, "settlement_date": day.settlement_date, **receipt, "published_at": at}
    offer(duck, RUN_RECEIPT.name, RUN_RECEIPT, [row])
    belief.replace(cursor, duck, RUN_RECEIPT, day, at)


def _count(duck: duckdb.DuckDBPyConnection, mart: Table, sums: dict[str, belief.Sums]) -> int:
    if mart.name in sums:
        return int(sum(added[0] for added in sums[mart.name].values()))
    found = duck.execute(f"SELECT COUNT(*) FROM {mart.name}").fetchone()
    assert found is not None
    return int(found[0])
