"""Batches the bank has not paid although their time is over, and what is to be told of them, for each day of batches.

How a batch stands at the bank is judged in `cuadre.matching.bank`; incidents are told in `alarms.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cuadre.config.source import Source
from cuadre.model.codes import BatchStatus, IncidentKind
from cuadre.model.literals import literal, literals
from cuadre.model.parquet import parquet_sql
from cuadre.model.records import Finding

_UNPAID = (BatchStatus.bank_missing, BatchStatus.bank_ambiguous)


@dataclass(frozen=True, slots=True)
class UnpaidBatch:
    """A batch whose last day for a credit is over: nothing pays it, or nobody can say what does."""

    batch_date: date
    batch_id: str
    currency: str
    status: str
    owed: Decimal


def unpaid_findings(bank_matches: Path, source: Source, as_of: datetime) -> dict[date, Finding]:
    """What is to be told at `as_of` of the batches in `bank_matches`, by the day of the batches."""
    window = timedelta(days=source.bank_window_days)
    by_day: dict[date, list[UnpaidBatch]] = {}
    for batch in unpaid_batches(bank_matches, as_of.astimezone(source.zone).date() - window):
        by_day.setdefault(batch.batch_date, []).append(batch)
    return {day: _finding(batches, day + window) for day, batches in by_day.items()}


def unpaid_batches(bank_matches: Path, before: date) -> list[UnpaidBatch]:
    """The batches of days before `before` that no credit pays, or several in ways nobody chose, by day and id."""
    import duckdb

    statuses = literals(status.name for status in _UNPAID)
    with duckdb.connect() as connection:
        rows = connection.sql(
            "SELECT batch_date, batch_id, currency, MAX(status), MAX(owed) "
            f"FROM {parquet_sql([bank_matches])} WHERE status IN ({statuses}) AND batch_date < {literal(before)} "
            "GROUP BY batch_date, batch_id, currency ORDER BY ALL"
        ).fetchall()
    return [UnpaidBatch(*row) for row in rows]


def _finding(batches: Sequence[UnpaidBatch], due: date) -> Finding:
    """Nothing of it counts days, so that a pager hears of it when it changes and not every day."""
    money: dict[str, Decimal] = {}
    for batch in batches:
        money[batch.currency] = money.get(batch.currency, Decimal(0)) + batch.owed
    several = sum(batch.status == BatchStatus.bank_ambiguous.name for batch in batches)
    cause = f"{len(batches):,} of the day's batches should have been credited by {due}: "
    said = [f"{len(batches) - several:,} by no credit" if several < len(batches) else ""]
    said += [f"{several:,} by credits that fit in several ways" if several else ""]
    keys = tuple(batch.batch_id for batch in batches)
    return Finding(
        IncidentKind.batch_unpaid, cause + ", ".join(each for each in said if each) + ".", len(batches), money, keys
    )
