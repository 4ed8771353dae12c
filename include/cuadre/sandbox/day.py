"""One whole day from a seed: deals, breaks, returns, fees, adjustments and payouts, cut into batches.

Everything is still numbers here; `tables` and `layout` write them out. The same arguments give the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from cuadre.config import Source
from cuadre.model.codes import LineType, OrderStatus, Outcome
from cuadre.model.errors import ConfigurationError
from cuadre.sandbox.book import HOUR, Book
from cuadre.sandbox.breaks import Break, plant, spread
from cuadre.sandbox.exchanges import exchange
from cuadre.sandbox.returns import linked_returns, returns_of_earlier_orders
from cuadre.sandbox.rows import (
    DUE_DECIDES,
    LINE,
    NO_CHANNEL,
    NO_ROW,
    ORDER,
    Rows,
    Whole,
    outcome_code,
    status_code,
    type_code,
)

SMALL = 20
"""Below this many lines a day is payments of one currency and one payout, nothing else."""
RETURN_SHARE, NO_CIP_SHARE, NO_ORDER_ID_SHARE, NOISE_SHARE, PENDING_SHARE = 0.005, 0.01, 0.005, 0.06, 0.01
EARLIER_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class Before:
    """What the day before leaves: orders to settle today, and orders settled then, some given back today."""

    pending: Rows
    settled: Rows


@dataclass(frozen=True, slots=True)
class Day:
    """A finished day: lines in file order (batch by batch), orders by number, the planted breaks in units."""

    lines: Rows
    orders: Rows
    batches: int
    planted: dict[str, int]


NOTHING_BEFORE = Before(np.zeros(0, dtype=ORDER), np.zeros(0, dtype=ORDER))


def draw_day(
    source: Source,
    day: date,
    *,
    lines: int,
    seed: int,
    breaks: float,
    exchanged: float = 0,
    before: Before = NOTHING_BEFORE,
) -> Day:
    """A day of exactly `lines` settlement lines of which about the share `breaks` is wrong.

    Of the rest up to the share `exchanged` was paid in another currency. Raises ConfigurationError when the lines are
    too few for what they should hold.
    """
    if not 0 <= breaks <= 0.5:
        raise ConfigurationError("The share of breaks is between 0 (a clean day) and 0.5.")
    if not 0 <= exchanged <= 1:
        raise ConfigurationError("The share of exchanged payments is between 0 and 1.")
    book = Book(
        source, day, np.random.default_rng([seed, day.toordinal()]), one_currency=lines < SMALL, tidy=not breaks
    )
    if lines == 0:
        book.open(0, before.pending[:0])
        return Day(book.lines, _later(book, 0), 0, {})
    return _fill(book, lines, breaks, exchanged, before)


def _fill(book: Book, lines: int, breaks: float, exchanged: float, before: Before) -> Day:
    small = lines < SMALL
    batches = 1 if small else int(np.clip(lines // 250, 1, 12))
    payouts = batches * (1 if small else len(book.source.currencies))
    extras = 0 if small else 1 if lines < 100 else 3
    returns = 0 if lines < 50 else max(2, round(lines * RETURN_SHARE))
    book.settled = before.settled
    earlier = min(len(before.settled), round(lines * EARLIER_SHARE))
    room = lines - payouts - extras - returns - earlier
    units: dict[Break, int] = {}
    if breaks:
        shift = int(book.rng.integers(1000))
        most = max(0, room - len(before.pending)) * 4 // 5
        units = spread(round(lines * breaks), shift, most, second_day=len(before.settled) > 0)
    deals = room - sum(kind.extra_lines * count for kind, count in units.items())
    if deals < max(1, len(before.pending)):
        least = lines - deals + max(1, len(before.pending))
        raise ConfigurationError(f"{lines} lines are too few for this day; give 0 or at least {least}.")
    book.open(deals, before.pending)
    plant(book, units)
    linked_returns(book, min(returns, book.free))
    returns_of_earlier_orders(book, book.take_settled(earlier))
    _absent_references(book, lines)
    planted = {kind.name: count for kind, count in units.items()}
    if exchanged:
        planted |= exchange(book, round(lines * exchanged))
    orders = _later(book, lines)
    return Day(_settle(book, lines, batches), orders, batches, planted)


def _absent_references(book: Book, lines: int) -> None:
    """Some orders never learn their CIP, some lines carry no order id: the other reference has to do."""
    book.orders["cip"][book.pick(round(lines * NO_CIP_SHARE))] = 0
    book.lines["order"][book.pick(round(lines * NO_ORDER_ID_SHARE))] = 0


def _later(book: Book, lines: int) -> Rows:
    """All orders, with those paid after the provider's cut-off at 23:00 and those that expect nothing."""
    _, pending = book.draw(0 if lines < SMALL else max(1, round(lines * PENDING_SHARE)))
    pending["paid"] = book.calendar.start(1) - book.rng.integers(60, HOUR, len(pending))
    pending["created"], pending["updated"] = pending["paid"] - HOUR, pending["paid"]
    pending["due"], pending["outcome"] = book.calendar.due(1), DUE_DECIDES
    book.add_orders(pending)
    _, noise = book.draw(round(lines * NOISE_SHARE))
    unpaid = (OrderStatus.CREATED, OrderStatus.EXPIRED, OrderStatus.CANCELLED, OrderStatus.PENDING)
    noise["status"] = book.rng.choice([status_code(status) for status in unpaid], len(noise))
    noise["paid"] = noise["due"] = 0
    noise["outcome"] = NO_ROW
    book.add_orders(noise)
    return book.all_orders()


def _settle(book: Book, count: int, batches: int) -> Rows:
    """All lines in file order: cut into batches by time, with extras, and one payout for each batch and currency."""
    lines = book.all_lines()
    by_time = np.argsort(lines["at"], kind="stable")
    lines["batch"][by_time] = np.arange(len(lines), dtype=np.int64) * batches // len(lines) + 1
    pairs = np.unique(_pair(lines))
    extras = _extras(book, count - len(lines) - len(pairs), pairs)
    lines = np.concatenate([lines, extras])
    payouts = _own_lines(book, pairs, LineType.PAYOUT)
    payouts["at"] = book.calendar.start(1) - 60
    net = lines["gross"] - lines["fee"] - lines["tax"]
    sums = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(sums, np.searchsorted(pairs, _pair(lines)), net)
    payouts["gross"] = -sums
    lines = np.concatenate([lines, payouts])
    return lines[np.lexsort((lines["at"], lines["type"] == type_code(LineType.PAYOUT), lines["batch"]))]


def _extras(book: Book, count: int, pairs: Whole) -> Rows:
    """Lines no order stands behind: one service fee, then roundings and adjustments."""
    lines = _own_lines(book, book.rng.choice(pairs, count), LineType.ADJUSTMENT)
    lines["gross"] = book.rng.integers(100, 5000, count) * book.rng.choice([-1, 1], count)
    lines["type"][1::2] = type_code(LineType.ROUNDING)
    lines["gross"][1::2] = book.rng.integers(1, 5, len(lines[1::2]))
    lines["type"][:1] = type_code(LineType.FEE)
    lines["gross"][:1], lines["fee"][:1] = 0, 1500
    book_tax = book.tariff.tax(np.array([1500]), np.array([0]), np.array([0]))
    lines["tax"][:1] = book_tax
    return lines


def _own_lines(book: Book, pairs: Whole, kind: LineType) -> Rows:
    lines = np.zeros(len(pairs), dtype=LINE)
    lines["batch"], lines["currency"] = pairs // 100, pairs % 100
    lines["type"], lines["operation"] = type_code(kind), book.operations.take(len(pairs))
    lines["channel"] = NO_CHANNEL
    lines["at"] = book.calendar.start(1) - 90
    lines["outcome"] = outcome_code(Outcome.not_an_order)
    return lines


def _pair(lines: Rows) -> Whole:
    pairs: Whole = lines["batch"].astype(np.int64) * 100 + lines["currency"]
    return pairs
