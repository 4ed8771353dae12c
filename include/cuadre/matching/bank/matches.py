"""From lines, bank credits and earlier matches to the rows of `bank_matches`, and those as Parquet.

Reads three relations of the engine: `todays_lines`, `bank_credits` and `bank_before`, what earlier days left. Lines are
added up once, in SQL; from there on it is batches and credits, thousands at most, and plain values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.matching.bank.judging import Clock, Row, judged
from cuadre.matching.bank.naming import named_in
from cuadre.matching.bank.settling import settle
from cuadre.matching.bank.values import Credit, Payout, whole
from cuadre.matching.engine import Engine
from cuadre.model.arrow import arrow_schema
from cuadre.model.codes import BankReason, BatchStatus
from cuadre.model.columns import BANK_CREDITS, BANK_MATCHES
from cuadre.model.columns.canonical import BATCH_SUMS
from cuadre.model.errors import Refusal
from cuadre.model.measures import batches_sql

_MORE_DAYS = 30
_SUMS = tuple(column.name for column in BATCH_SUMS)


def look_back(window_days: int) -> timedelta:
    """How far before a settlement day credits are looked at.

    The window, and some days for a bank that is late. What is older is settled by name alone, for which the rivals of
    its amount need not be in sight.
    """
    return timedelta(days=window_days + _MORE_DAYS)


@dataclass(frozen=True, slots=True)
class _Before:
    """What earlier days left: open batches with their sums, paid ones too, and which credits are used."""

    open: dict[Payout, Row]
    paid: dict[Payout, Row]
    used: frozenset[str]
    remembered: tuple[Credit, ...]


def write_bank_matches(
    db: Engine, *, source: str, settlement_date: date, today: date, window_days: int, out: Path
) -> dict[str, int]:
    """Match the day's batches and those still open with the bank credits; give the number of batches by status.

    Args:
        db: The engine with the relations.
        source: Its name.
        settlement_date: The day; matches of this day and later ones in `bank_before` are not looked at.
        today: The local day as which it is judged.
        window_days: `bank.window_days` of the source.
        out: The Parquet file, columns as `BANK_MATCHES`, by batch and credit.

    Raises:
        Refusal: a credit is there twice.
    """
    before = _before(db, settlement_date)
    sums = _todays(db, settlement_date) | before.open
    settlement = settle(
        sums,
        _statement(db, before),
        paid=before.paid,
        window_days=window_days,
        by_amount_from=settlement_date - look_back(window_days),
    )
    found = judged(settlement, sums, Clock(today, timedelta(days=window_days)))
    known = before.paid | sums
    head = {"source": source, "settlement_date": settlement_date}
    rows = [head | row | {name: known[payout][name] for name in _SUMS} for payout, row in found]
    pq.write_table(pa.Table.from_pylist(rows, arrow_schema(BANK_MATCHES)), out, compression="zstd")
    return dict(sorted(Counter({payout: row["status"] for payout, row in found}.values()).items()))


def _todays(db: Engine, settlement_date: date) -> dict[Payout, Row]:
    names = ("batch_id", "currency", "owed", *_SUMS)
    rows = _rows(db, names, f"({batches_sql('todays_lines')}) AS batches")
    return {Payout(settlement_date, row["batch_id"], row["currency"], whole(row["owed"])): row for row in rows}


def _before(db: Engine, settlement_date: date) -> _Before:
    """The latest state of every batch, and all credits that are used: what is settled once stays so."""
    rows = [each for each in _rows(db, BANK_MATCHES.names, "bank_before") if each["settlement_date"] < settlement_date]
    final = [each for each in rows if each["status"] == BatchStatus.balanced.name or _is_repeated(each)]
    paid = {_payout(each): each for each in final}
    latest = {_payout(each): each["settlement_date"] for each in sorted(rows, key=_day)}
    left = [each for each in rows if _payout(each) not in paid and each["settlement_date"] == latest[_payout(each)]]
    return _Before(
        open={_payout(each): each for each in left},
        paid=paid,
        used=frozenset(each["credit_id"] for each in final if each["credit_id"]),
        remembered=tuple(_remembered(each) for each in left if each["credit_id"]),
    )


def _statement(db: Engine, before: _Before) -> list[Credit]:
    """The credits that are not used, those that named an open batch on an earlier day among them."""
    rows = _rows(db, BANK_CREDITS.names, "bank_credits")
    _refuse_repeated(row["credit_id"] for row in rows)
    credits_ = {each.credit_id: each for each in before.remembered}
    credits_ |= {row["credit_id"]: _credit(row) for row in rows}
    return [each for credit_id, each in credits_.items() if credit_id not in before.used]


def _refuse_repeated(credit_ids: Iterable[str]) -> None:
    repeated = sum(count - 1 for count in Counter(credit_ids).values())
    if repeated:
        raise Refusal(f"{repeated} bank credits are there twice, by credit_id: give each credit once.")


def _rows(db: Engine, names: Sequence[str], relation: str) -> list[dict[str, Any]]:
    found = db.rows(f"SELECT {', '.join(names)} FROM {relation}")
    return [dict(zip(names, row, strict=True)) for row in found]


def _payout(row: Row) -> Payout:
    return Payout(row["batch_date"], row["batch_id"], row["currency"], whole(row["owed"]))


def _credit(row: Row) -> Credit:
    return Credit(
        row["credit_id"], row["value_date"], row["currency"], whole(row["amount"]), named_in(row["reference"])
    )


def _remembered(row: Row) -> Credit:
    """The credit of a match that does not add up; that it names the batch is all that counts of its reference."""
    return Credit(
        row["credit_id"], row["value_date"], row["currency"], whole(row["credited"]), frozenset({row["batch_id"]})
    )


def _is_repeated(row: Row) -> bool:
    return bool(row["reason"] == BankReason.PAID_BEFORE.name)


def _day(row: Row) -> date:
    day: date = row["settlement_date"]
    return day
