"""Two runs of one day compared, place by place: which outcomes flip, which only read otherwise, and their money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from cuadre.config.settings import DEFAULT_MEMORY_LIMIT
from cuadre.model.measures import at_risk_sql, money_sql
from cuadre.model.parquet import parquet_sql
from cuadre.model.records import Reason


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one run says of a place: outcome, the order claimed, reasons, and money at risk (not negative)."""

    outcome: str
    order_id: str | None
    reasons: tuple[Reason, ...]
    expected: Decimal | None
    got: Decimal | None
    at_risk: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """A line, or an order without a line, of which two runs of one day do not say the same.

    `was` or `now` is None where that run has no such row: an order without a line that a line claims, or that was
    closed on an earlier day. `money` is absolute, in `currency`; `item_id` is the one it had.
    """

    settlement_date: date
    item_id: str
    archive_id: str | None
    line_no: int | None
    currency: str
    money: Decimal
    was: Judgement | None
    now: Judgement | None

    @property
    def outcomes(self) -> tuple[str | None, str | None]:
        """The outcome before and the outcome now."""
        return (self.was.outcome if self.was else None, self.now.outcome if self.now else None)

    @property
    def flips(self) -> bool:
        """Whether the outcome itself is another one."""
        before, after = self.outcomes
        return before != after


@dataclass(frozen=True, slots=True)
class FlipTotal:
    """How many places went from one outcome to another, with their money and what was and is at risk of it."""

    was: str | None
    now: str | None
    currency: str
    count: int
    money: Decimal
    at_risk_was: Decimal
    at_risk_now: Decimal


def differences(was: Path, now: Path, spill: Path) -> tuple[Difference, ...]:
    """Where two outcome files of one day differ, in order of archive, line and item; `spill` is a private folder."""
    import duckdb

    with duckdb.connect(config={"temp_directory": str(spill), "memory_limit": DEFAULT_MEMORY_LIMIT}) as connection:
        return tuple(_difference(row) for row in connection.execute(_query(was, now)).fetchall())


def totals(found: Iterable[Difference]) -> tuple[FlipTotal, ...]:
    """Sums by outcome before, outcome now and currency."""

    def kind(each: Difference) -> tuple[str, str, str]:
        before, after = each.outcomes
        return before or "", after or "", each.currency

    return tuple(_total(*key, list(group)) for key, group in groupby(sorted(found, key=kind), kind))


def _total(was: str, now: str, currency: str, found: list[Difference]) -> FlipTotal:
    return FlipTotal(
        was or None,
        now or None,
        currency,
        len(found),
        sum((each.money for each in found), Decimal(0)),
        sum((each.was.at_risk for each in found if each.was), Decimal(0)),
        sum((each.now.at_risk for each in found if each.now), Decimal(0)),
    )


_SAID = ("outcome", "order_id", "reasons", "expected", "got")
"""What makes two rows of one place differ. By which pass a pair was found does not."""

_SIDE = len(_SAID) + 1


def _query(was: Path, now: Path) -> str:
    """A full join on the line, or for a row without one on the item; most rows are alike and go no further."""
    columns = ", ".join(f"{side}.{name}" for side in ("w", "n") for name in (*_SAID, "at_risk"))
    said = {side: ", ".join(f"{side}.{name}" for name in (*_SAID, "currency")) for side in ("w", "n")}
    return f"""
        WITH was AS ({_side(was)}), now AS ({_side(now)})
        SELECT
            COALESCE(w.settlement_date, n.settlement_date), COALESCE(w.item_id, n.item_id) AS item_id,
            COALESCE(w.archive_id, n.archive_id) AS archive_id, COALESCE(w.line_no, n.line_no) AS line_no,
            COALESCE(w.currency, n.currency), COALESCE(w.money, n.money), {columns}
        FROM was w FULL JOIN now n ON w.archive = n.archive AND w.line = n.line AND w.alone = n.alone
        WHERE ({said["w"]}) IS DISTINCT FROM ({said["n"]})
        ORDER BY archive_id NULLS LAST, line_no, item_id
    """


def _side(file: Path) -> str:
    return (
        "SELECT *, COALESCE(archive_id, '') AS archive, COALESCE(line_no, 0) AS line, "
        "CASE WHEN archive_id IS NULL THEN item_id ELSE '' END AS alone, "
        f"COALESCE({money_sql()}, 0) AS money, COALESCE({at_risk_sql()}, 0) AS at_risk FROM {parquet_sql([file])}"
    )


def _difference(row: tuple[Any, ...]) -> Difference:
    day, item_id, archive_id, line_no, currency, money, *sides = row
    was, now = _judgement(sides[:_SIDE]), _judgement(sides[_SIDE:])
    return Difference(day, item_id, archive_id, line_no, currency, money, was, now)


def _judgement(values: list[Any]) -> Judgement | None:
    outcome, order_id, reasons, expected, got, at_risk = values
    if outcome is None:
        return None
    return Judgement(outcome, order_id, tuple(Reason(**each) for each in reasons), expected, got, at_risk)
