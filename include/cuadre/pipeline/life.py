"""What `cuadre explain` says of a reference: plain records, from the archive a line came in to the bank credit.

Columns they share with the canonical tables are named and meant as there. Where it is found is not said here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cuadre.model.records import OutcomeTotal, Reason

Place = tuple[str, int]
"""Where a line stands: archive and number."""


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive as it was admitted. `counts` says whether its day was judged on it: a later one may replace it."""

    archive_id: str
    name: str
    settlement_date: date
    verdict: str
    signer: str | None
    signed_at: datetime | None
    seen_at: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an archive."""

    archive_id: str
    line_no: int
    settlement_date: date
    batch_id: str | None
    line_type: str
    psp_reference: str | None
    operation_reference: str | None
    merchant_reference: str | None
    original_reference: str | None
    currency: str
    gross: Decimal
    fee: Decimal
    tax: Decimal
    net: Decimal
    occurred_at: datetime
    channel: str | None

    @property
    def place(self) -> Place:
        """Archive and number."""
        return self.archive_id, self.line_no


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order as the snapshots of the days from `first_seen` to `last_seen` had it."""

    first_seen: date
    last_seen: date
    order_id: str
    psp_reference: str | None
    currency: str
    amount: Decimal
    status: str
    created_at: datetime
    paid_at: datetime | None
    due_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """What one settlement day said of a line, or of an order without one; `by` is the pass that paired them."""

    settlement_date: date
    outcome: str
    reasons: tuple[Reason, ...]
    archive_id: str | None
    line_no: int | None
    line_type: str | None
    order_id: str | None
    currency: str
    expected: Decimal | None
    got: Decimal | None
    delta: Decimal | None
    by: str | None
    first_seen: date
    age_days: int
    item_id: str

    @property
    def place(self) -> Place | None:
        """Where its line stands; None without one."""
        return None if self.archive_id is None or self.line_no is None else (self.archive_id, self.line_no)


@dataclass(frozen=True, slots=True)
class AtBank:
    """How a batch stood at the bank on a settlement day: one for each credit that pays it, or one without a credit."""

    settlement_date: date
    batch_date: date
    batch_id: str
    currency: str
    status: str
    reason: str | None
    method: str | None
    credit_id: str | None
    value_date: date | None
    applied: Decimal | None
    candidates: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of one day and currency: its sums, payouts left out, its payout, and what the bank credited by then.

    `bank` is what this and later days say of it at the bank, until it is settled there.
    """

    settlement_date: date
    batch_id: str
    currency: str
    status: str
    lines: int
    gross: Decimal
    fee: Decimal
    tax: Decimal
    net: Decimal
    payout: Decimal | None
    bank_amount: Decimal | None
    credit_id: str | None
    value_date: date | None
    bank: tuple[AtBank, ...] = ()

    @property
    def latest(self) -> tuple[AtBank, ...]:
        """What the last of these days says; empty when no day says anything."""
        return tuple(each for each in self.bank if each.settlement_date == self.bank[-1].settlement_date)


@dataclass(frozen=True, slots=True)
class BatchLife:
    """What is in a batch: its first lines, its outcomes added up, and the first of its breaks."""

    batch: Batch
    first_lines: tuple[Line, ...]
    outcomes: tuple[OutcomeTotal, ...]
    breaks: tuple[DayOutcome, ...]


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit on the bank statement."""

    credit_id: str
    account: str
    value_date: date
    currency: str
    amount: Decimal
    reference: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """A record of the journal; `message` is why a step did not end well."""

    seq: int
    at: datetime
    step: str
    settlement_date: date
    outcome: str
    message: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """Lines and orders that belong together, and all that was found of them, oldest first.

    `breaks`, `reopenings` and `decisions` are what the warehouse knows, by column; empty when it was not asked.
    """

    orders: tuple[OrderSeen, ...]
    lines: tuple[Line, ...]
    archives: tuple[Archive, ...]
    outcomes: tuple[DayOutcome, ...]
    batches: tuple[Batch, ...]
    breaks: tuple[dict[str, Any], ...] = ()
    decisions: tuple[dict[str, Any], ...] = ()
    reopenings: tuple[dict[str, Any], ...] = ()

    @property
    def days(self) -> set[date]:
        """The settlement days that had to do with it."""
        return {line.settlement_date for line in self.lines} | {each.settlement_date for each in self.outcomes}

    @property
    def item_ids(self) -> set[str]:
        """The ids it has, or had before line and order were known to belong together."""
        return {each.item_id for each in self.outcomes}


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of a reference. `days` were searched; `warehouse` says whether it was asked, in words."""

    source: str
    reference: str
    days: tuple[date, ...]
    items: tuple[Item, ...]
    batches: tuple[BatchLife, ...]
    credits: tuple[Credit, ...]
    journal: tuple[Step, ...]
    warehouse: str
