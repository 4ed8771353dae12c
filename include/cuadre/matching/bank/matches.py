"""From lines, bank credits and earlier matches to the rows of `bank_matches`, and those as Parquet.

Reads three relations of the engine: `todays_lines`, `bank_credits` and `bank_before`, what earlier days left. Lines are
added up once, in SQL; from there on it is batches and credits, thousands at most, and plain values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.matching.bank.judging import Clock, Row, by_credit, judged, undone
from cuadre.matching.bank.naming import named_in
from cuadre.matching.bank.settling import settle
from cuadre.matching.bank.taking_back import Share, TakenBack, taken_back
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
    """What earlier days left: open batches with their sums, paid ones too, and which credits are used, for what."""

    open: dict[Payout, Row]
    paid: dict[Payout, Row]
    used: frozenset[str]
    remembered: tuple[Credit, ...]
    settled: tuple[Row, ...]

    def reopened(self, bounced: Sequence[TakenBack]) -> _Before:
        """The same, with the batches open again whose credit was taken back; what else paid them is a part of them."""
        gone = {each.credit_id for one in bounced for each in (one.credit, one.debit)}
        again = {share.payout for one in bounced for share in one.shares}
        parts = [each for each in self.settled if _payout(each) in again and each["credit_id"] not in gone]
        return replace(
            self,
            open=self.open | {payout: self.paid[payout] for payout in again},
            paid={payout: row for payout, row in self.paid.items() if payout not in again},
            used=(self.used - {each["credit_id"] for each in parts}) | gone,
            remembered=(*self.remembered, *map(_remembered, parts)),
        )


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
    statement, todays = _statement(db), _todays(db, settlement_date)
    bounced = taken_back(
        _shares(before, statement), _unused(before, statement), {**before.paid, **before.open, **todays}
    )
    before = before.reopened(bounced)
    sums = todays | before.open
    settlement = settle(
        sums,
        _unused(before, statement),
        paid=before.paid,
        window_days=window_days,
        by_amount_from=settlement_date - look_back(window_days),
    )
    found = judged(settlement, sums, Clock(today, timedelta(days=window_days)))
    found = by_credit([*found, *undone(bounced, found)])
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
    """The latest state of every batch, and all credits that are used: what is settled stays so, unless taken back."""
    rows = [each for each in _rows(db, BANK_MATCHES.names, "bank_before") if each["settlement_date"] < settlement_date]
    latest = {_payout(each): each["settlement_date"] for each in sorted(rows, key=_day)}
    left = [each for each in rows if each["settlement_date"] == latest[_payout(each)]]
    open_ = {_payout(each): each for each in left if not _is_final(each)}
    final = [each for each in rows if _is_final(each) and _payout(each) not in open_]
    taken = [each for each in rows if each["reason"] == BankReason.TAKEN_BACK.name]
    return _Before(
        open=open_,
        paid={_payout(each): each for each in final},
        used=frozenset(each["credit_id"] for each in (*final, *taken) if each["credit_id"]),
        remembered=tuple(
            _remembered(each) for each in left if _payout(each) in open_ and each["credit_id"] and each not in taken
        ),
        settled=tuple(
            each
            for each in left
            if each["status"] == BatchStatus.balanced.name and each["credit_id"] and each not in taken
        ),
    )


def _statement(db: Engine) -> dict[str, Credit]:
    rows = _rows(db, BANK_CREDITS.names, "bank_credits")
    _refuse_repeated(row["credit_id"] for row in rows)
    return {row["credit_id"]: _credit(row) for row in rows}


def _unused(before: _Before, statement: dict[str, Credit]) -> list[Credit]:
    """The credits that are not used, those that named an open batch on an earlier day among them."""
    credits_ = {each.credit_id: each for each in before.remembered} | statement
    return [each for credit_id, each in credits_.items() if credit_id not in before.used]


def _shares(before: _Before, statement: dict[str, Credit]) -> list[Share]:
    """Who paid what, each credit as the statement has it, or else as it was when it paid."""
    return [
        Share(_payout(row), statement.get(row["credit_id"], _remembered(row)), whole(row["applied"]))
        for row in before.settled
    ]


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
    reference = row["reference"] or ""
    return Credit(
        row["credit_id"],
        row["value_date"],
        row["currency"],
        whole(row["amount"]),
        named_in(reference),
        reference.strip(),
    )


def _remembered(row: Row) -> Credit:
    """The credit of a match that does not add up; that it names the batch is all that counts of its reference."""
    return Credit(
        row["credit_id"], row["value_date"], row["currency"], whole(row["credited"]), frozenset({row["batch_id"]})
    )


def _is_final(row: Row) -> bool:
    return bool(row["status"] == BatchStatus.balanced.name or row["reason"] == BankReason.PAID_BEFORE.name)


def _day(row: Row) -> date:
    day: date = row["settlement_date"]
    return day
