"""Batches the bank has not paid, or not as owed, although their time is over, and what is told of them, by their day.

How a batch stands at the bank is judged in `cuadre.matching.bank`; incidents are told in `alarms.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cuadre.config.source import Source
from cuadre.model.codes import BankReason, BatchStatus, IncidentKind
from cuadre.model.literals import literal, literals
from cuadre.model.parquet import parquet_sql
from cuadre.model.records import Finding

AT_THE_BANK = (IncidentKind.batch_unpaid, IncidentKind.batch_differs)
"""What is judged here."""

_TOLD = (BatchStatus.bank_missing, BatchStatus.bank_ambiguous, BatchStatus.bank_differs)


@dataclass(frozen=True, slots=True)
class UnpaidBatch:
    """A batch whose last day for a credit is over: nothing pays it, nobody can say what does, or it is another sum."""

    batch_date: date
    batch_id: str
    currency: str
    status: str
    owed: Decimal
    credited: Decimal


def unpaid_findings(bank_matches: Path, source: Source, as_of: datetime) -> dict[date, tuple[Finding, ...]]:
    """What is to be told at `as_of` of the batches in `bank_matches`, by the day of the batches."""
    window = timedelta(days=source.bank_window_days)
    by_day: dict[date, list[UnpaidBatch]] = {}
    for batch in unpaid_batches(bank_matches, as_of.astimezone(source.zone).date() - window):
        by_day.setdefault(batch.batch_date, []).append(batch)
    return {day: _findings(batches, day + window) for day, batches in by_day.items()}


def unpaid_batches(bank_matches: Path, before: date) -> list[UnpaidBatch]:
    """The batches of days before `before` that are not paid as they should be, by day and id.

    A credit for a batch that was paid before is not among them: it is told on one day, and nothing is owed.
    """
    import duckdb

    statuses = literals(status.name for status in _TOLD)
    with duckdb.connect() as connection:
        rows = connection.sql(
            "SELECT batch_date, batch_id, currency, MAX(status), MAX(owed), COALESCE(SUM(applied), 0) "
            f"FROM {parquet_sql([bank_matches])} WHERE status IN ({statuses}) AND batch_date < {literal(before)} "
            f"AND reason IS DISTINCT FROM {literal(BankReason.PAID_BEFORE.name)} "
            "GROUP BY batch_date, batch_id, currency ORDER BY ALL"
        ).fetchall()
    return [UnpaidBatch(*row) for row in rows]


def _findings(batches: Sequence[UnpaidBatch], due: date) -> tuple[Finding, ...]:
    """Nothing of it counts days, so that a pager hears of it when it changes and not every day."""
    differ = [batch for batch in batches if batch.status == BatchStatus.bank_differs.name]
    unpaid = [batch for batch in batches if batch not in differ]
    several = sum(batch.status == BatchStatus.bank_ambiguous.name for batch in unpaid)
    said = [f"{len(unpaid) - several:,} by no credit" if several < len(unpaid) else ""]
    said += [f"{several:,} by credits that fit in several ways" if several else ""]
    return (
        *_finding(IncidentKind.batch_unpaid, unpaid, due, f": {', '.join(each for each in said if each)}."),
        *_finding(IncidentKind.batch_differs, differ, due, " and were by another sum than is owed."),
    )


def _finding(kind: IncidentKind, batches: Sequence[UnpaidBatch], due: date, how: str) -> tuple[Finding, ...]:
    """One finding, with what is owed and not credited, or the other way; none without batches."""
    money: dict[str, Decimal] = {}
    for batch in batches:
        money[batch.currency] = money.get(batch.currency, Decimal(0)) + abs(batch.owed - batch.credited)
    cause = f"{len(batches):,} of the day's batches should have been credited by {due}{how}"
    keys = tuple(batch.batch_id for batch in batches)
    return (Finding(kind, cause, len(batches), money, keys),) if batches else ()
