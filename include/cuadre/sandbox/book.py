"""The book of one sandbox day: who paid what and when, before anything goes wrong.

`Book` draws coherent deals (an order and its payment line) from a seed. What goes wrong is planted by `breaks`, what
is given back and paid out is added by `returns` and `payouts`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from cuadre.config import Source
from cuadre.model.codes import LineType, OrderStatus, Outcome
from cuadre.sandbox.rates import Tariff, tariff
from cuadre.sandbox.rows import (
    CHANNELS,
    LINE,
    NO_ROW,
    ORDER,
    Numbers,
    Rows,
    Whole,
    outcome_code,
    status_code,
    type_code,
)

HOUR = 3600
HOURS = np.array([4, 2, 1, 1, 1, 2, 6, 14, 24, 34, 42, 52, 66, 70, 58, 46, 44, 52, 68, 76, 70, 48, 26, 0], dtype=float)
"""Payments by local hour: a peak at lunch and one in the evening; after 23:00 belongs to the next day's archive."""
DEFAULT_LIMITS = {"PEN": (200, 372_400), "USD": (100, 100_000)}
SHARE_OF_MAIN_CURRENCY = 0.92
CHANNEL_SHARES = (0.55, 0.30, 0.15)


@dataclass(slots=True)
class Calendar:
    """The moments of one settlement day as epoch seconds."""

    source: Source
    day: date

    def start(self, offset: int = 0) -> int:
        """Local midnight at which the day `offset` days away begins."""
        local = datetime.combine(self.day + timedelta(days=offset), time(), tzinfo=self.source.zone)
        return int(local.timestamp())

    def due(self, offset: int = 0) -> int:
        """When what was paid `offset` days away should be settled."""
        lag = self.source.settlement.lag_days
        return int(self.source.as_of(self.day + timedelta(days=offset + lag - 1)).timestamp())


@dataclass(slots=True)
class Book:
    """Rows of one day in the making.

    `lines` and `orders` are parallel for the deals of the day (`deals` of them), extra rows wait in `more_lines` and
    `more_orders`. `free` are deals nothing was done to yet; `settled` are orders of an earlier day, settled then.
    On a `tidy` day not even what is allowed looks odd.
    """

    source: Source
    day: date
    rng: np.random.Generator
    lines: Rows = field(init=False)
    orders: Rows = field(init=False)
    more_lines: list[Rows] = field(default_factory=list)
    more_orders: list[Rows] = field(default_factory=list)
    calendar: Calendar = field(init=False)
    tariff: Tariff = field(init=False)
    references: Numbers = field(init=False)
    operations: Numbers = field(init=False)
    one_currency: bool = False
    tidy: bool = False
    settled: Rows = field(default_factory=lambda: np.zeros(0, dtype=ORDER))
    _free: Whole = field(init=False)

    def __post_init__(self) -> None:
        self.calendar = Calendar(self.source, self.day)
        self.tariff = tariff(self.source, self.source.currencies, CHANNELS, self.day)
        number = self.day.toordinal() % 10_000
        self.references = Numbers(number, int(self.rng.integers(Numbers.PRIME)))
        self.operations = Numbers(number, int(self.rng.integers(Numbers.PRIME)))

    def open(self, count: int, carried: Rows) -> None:
        """Draw `count` deals of the day; the first ones settle the orders `carried` from the day before."""
        self.lines, self.orders = self.draw(count)
        kept = len(carried)
        if kept:
            self.orders[:kept] = carried
            settled = self.lines[:kept]
            for name in ("cip", "currency"):
                settled[name] = carried[name]
            settled["order"] = settled["answer"] = carried["number"]
            settled["gross"], settled["at"] = carried["amount"], carried["paid"]
            self.charge(settled)
        self._free = self.rng.permutation(np.arange(kept, count, dtype=np.int64))

    @property
    def free(self) -> int:
        """Deals nothing was done to yet."""
        return len(self._free)

    def pick(self, count: int) -> Whole:
        """Indexes of `count` untouched deals, which are touched from now on."""
        picked, self._free = self._free[:count], self._free[count:]
        return picked

    def take_settled(self, count: int) -> Rows:
        """Up to `count` orders settled on an earlier day, which nobody else gets."""
        taken, self.settled = self.settled[:count], self.settled[count:]
        return taken.copy()

    def draw(self, count: int) -> tuple[Rows, Rows]:
        """`count` coherent deals as (payment lines, paid orders), belonging to nobody's book yet."""
        lines, orders = np.zeros(count, dtype=LINE), np.zeros(count, dtype=ORDER)
        lines["type"] = type_code(LineType.PAYMENT)
        lines["cip"], lines["operation"] = self.references.take(count), self.operations.take(count)
        lines["order"] = lines["answer"] = self.references.take(count)
        lines["currency"] = self._currencies(count)
        lines["channel"] = self.rng.choice(len(CHANNELS), count, p=CHANNEL_SHARES)
        lines["gross"] = self._amounts(lines["currency"])
        lines["at"] = self._moments(count)
        lines["outcome"] = outcome_code(Outcome.matched)
        self.charge(lines)
        orders["number"], orders["cip"] = lines["order"], lines["cip"]
        orders["currency"], orders["amount"] = lines["currency"], lines["gross"]
        orders["status"] = status_code(OrderStatus.PAID)
        orders["paid"] = lines["at"] + self.rng.integers(0, 90, count)
        orders["created"] = lines["at"] - self.rng.integers(60, 20 * HOUR, count)
        orders["due"] = self.calendar.due() - np.where(self.rng.random(count) < 0.3, 0, 30 * 60)
        orders["due"][self.rng.random(count) < 0.02] = 0
        orders["updated"] = orders["paid"] + self.rng.integers(0, 600, count)
        orders["outcome"] = NO_ROW
        return lines, orders

    def charge(self, lines: Rows) -> None:
        """Set fee and tax of payment lines as the contract says."""
        lines["fee"] = self.tariff.fee(lines["gross"], lines["currency"], lines["channel"])
        self.tax(lines)

    def tax(self, lines: Rows) -> None:
        """Set the tax of lines as the contract says of the fee they carry."""
        lines["tax"] = self.tariff.tax(lines["fee"], lines["currency"], lines["channel"])

    def bounds(self, currency: Whole) -> tuple[Whole, Whole]:
        """Least and greatest amount, in cents, of each currency given."""
        known = [self._limits(name) for name in self.source.currencies]
        table = np.array(known, dtype=np.int64)
        return table[currency, 0], table[currency, 1]

    def tolerance(self, currency: Whole) -> Whole:
        """The source's amount tolerance of each currency given, in whole cents."""
        known = [int(self.source.settlement.tolerance.get(name, Decimal(0)) * 100) for name in self.source.currencies]
        return np.array(known, dtype=np.int64)[currency]

    def add_lines(self, lines: Rows) -> None:
        """Put extra lines into the book."""
        self.more_lines.append(lines)

    def add_orders(self, orders: Rows) -> None:
        """Put extra orders into the book."""
        self.more_orders.append(orders)

    def all_lines(self) -> Rows:
        """Every line of the book."""
        return np.concatenate([self.lines, *self.more_lines])

    def all_orders(self) -> Rows:
        """Every order of the book, dropped ones left out, by number."""
        orders = np.concatenate([self.orders, *self.more_orders])
        numbers = orders["number"].copy()
        dropped = int((numbers == 0).sum())
        kept: Rows = orders[np.argsort(numbers, kind="stable")[dropped:]]
        return kept

    def _limits(self, currency: str) -> tuple[int, int]:
        least, most = self.source.limits.amounts.get(currency, (Decimal(0), Decimal(0)))
        if most <= 0:
            return DEFAULT_LIMITS.get(currency, (100, 100_000))
        return max(1, int(-(-least * 100 // 1))), int(most * 100)

    def _currencies(self, count: int) -> Whole:
        kinds = len(self.source.currencies)
        if kinds == 1 or self.one_currency:
            return np.zeros(count, dtype=np.int64)
        rest = (1 - SHARE_OF_MAIN_CURRENCY) / (kinds - 1)
        return self.rng.choice(kinds, count, p=[SHARE_OF_MAIN_CURRENCY, *[rest] * (kinds - 1)])

    def _amounts(self, currency: Whole) -> Whole:
        least, most = self.bounds(currency)
        middle = np.log(np.sqrt(least.astype(float) * most))
        cents = np.exp(self.rng.normal(middle, 0.9)).astype(np.int64)
        round_ones = self.rng.random(len(cents)) < 0.4
        cents[round_ones] = cents[round_ones] // 100 * 100 + 90
        return np.clip(cents, least, most)

    def _moments(self, count: int) -> Whole:
        hour = self.rng.choice(24, count, p=HOURS / HOURS.sum())
        seconds = hour * HOUR + self.rng.integers(0, HOUR, count)
        start, end = self.calendar.start(), self.calendar.start(1)
        moments: Whole = np.clip(start + seconds, start, end - HOUR - 1)
        return moments
