"""What the bank side of the matching works on: payouts owed, credits received, and how they may fit each other.

Plain values: no file, no clock. Amounts are whole millionths of the currency's unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from cuadre.model.codes import BankMethod

_UNIT = Decimal("0.000001")


@dataclass(frozen=True, slots=True, order=True)
class Payout:
    """What is owed for one batch: its payout line, or without one its net."""

    batch_date: date
    batch_id: str
    currency: str
    owed: int


@dataclass(frozen=True, slots=True, order=True)
class Credit:
    """One credit on the bank statement, every text of its reference that may be a batch id, and the whole of it."""

    credit_id: str
    value_date: date
    currency: str
    amount: int
    named: frozenset[str] = field(default=frozenset(), compare=False)
    reference: str = field(default="", compare=False)


Record = Payout | Credit


@dataclass(frozen=True, slots=True)
class Fit:
    """Credits that would pay payouts: one of one, one of several, or several of one."""

    method: BankMethod
    payouts: tuple[Payout, ...]
    credits: tuple[Credit, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """All that takes part."""
        return (*self.payouts, *self.credits)


@dataclass(frozen=True, slots=True)
class Knot:
    """Payouts and credits tied to each other because a credit names a batch, directly or through others."""

    payouts: tuple[Payout, ...]
    credits: tuple[Credit, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """All that is tied."""
        return (*self.payouts, *self.credits)

    @property
    def missing(self) -> int:
        """What is owed and not credited; below 0 what is credited beyond it."""
        return sum(each.owed for each in self.payouts) - sum(each.amount for each in self.credits)


def may_pay(credit: Credit, payout: Payout) -> bool:
    """Whether money of `credit` can be that of `payout`: the same currency, and not from before the settlement."""
    return credit.currency == payout.currency and credit.value_date >= payout.batch_date


def in_time(credit: Credit, payout: Payout, window: timedelta) -> bool:
    """Whether `credit`, naming nothing, comes soon enough to be that of `payout`."""
    return may_pay(credit, payout) and credit.value_date <= payout.batch_date + window


def whole(amount: Decimal) -> int:
    """Money as these values have it."""
    return int(amount / _UNIT)


def exact(amount: int) -> Decimal:
    """Money as the tables have it."""
    return amount * _UNIT
