"""Breaks of one line and one order that do not say the same: amount, currency, status, fee, tax, date, references.

Planted on the order wherever possible, so that lines, payouts and trailers keep adding up; fee and tax are changed
together with nothing else, and net follows.
"""

from __future__ import annotations

import numpy as np

from cuadre.model.codes import OrderStatus, Outcome
from cuadre.sandbox.book import HOUR, Book
from cuadre.sandbox.rows import Whole, outcome_code, status_code


def paid_too_little(book: Book, deals: Whole) -> None:
    """The order asks for more than came."""
    _amount(book, deals, +1)


def paid_too_much(book: Book, deals: Whole) -> None:
    """The order asks for less than came."""
    _amount(book, deals, -1)


def amount_fee_and_date(book: Book, deals: Whole) -> None:
    """Three things at once: amount, fee and date."""
    fee_off(book, deals)
    settled_late(book, deals)
    _amount(book, deals, +1)


def amount_by_order_id(book: Book, deals: Whole) -> None:
    """As paid too little, and the order does not know its CIP."""
    book.orders["cip"][deals] = 0
    _amount(book, deals, +1)


def amount_on_expired(book: Book, deals: Whole) -> None:
    """The buyer paid an expired order, and not what it asked for."""
    order_expired(book, deals)
    _amount(book, deals, -1)


def currency_by_cip(book: Book, deals: Whole) -> None:
    """The order is in another currency; the CIP agrees."""
    _currency(book, deals)


def currency_by_order_id(book: Book, deals: Whole) -> None:
    """The order is in another currency and does not know its CIP."""
    book.orders["cip"][deals] = 0
    _currency(book, deals)


def order_expired(book: Book, deals: Whole) -> None:
    """The shop let the order expire before it was paid."""
    _status(book, deals, OrderStatus.EXPIRED)


def order_pending(book: Book, deals: Whole) -> None:
    """The shop never heard of the payment."""
    _status(book, deals, OrderStatus.PENDING)


def order_cancelled(book: Book, deals: Whole) -> None:
    """The shop cancelled the order, the buyer paid all the same."""
    _status(book, deals, OrderStatus.CANCELLED)


def fee_off(book: Book, deals: Whole) -> None:
    """A fee some cents above the contract, with the tax that belongs to it; where no contract, only the order id."""
    _charges(book, deals, fee=True, tax=False)


def tax_off(book: Book, deals: Whole) -> None:
    """The contract's fee with some cents too much tax."""
    _charges(book, deals, fee=False, tax=True)


def fee_and_tax_off(book: Book, deals: Whole) -> None:
    """Neither the fee nor its tax is the contract's."""
    _charges(book, deals, fee=True, tax=True)


def settled_late(book: Book, deals: Whole) -> None:
    """Paid a day earlier and due then; settled only now."""
    day = book.calendar.start(1) - book.calendar.start()
    book.lines["at"][deals] -= day
    for name in ("paid", "created", "updated"):
        book.orders[name][deals] -= day
    book.orders["due"][deals] = book.calendar.due(-1)
    _variance(book, deals)


def within_tolerance(book: Book, deals: Whole) -> None:
    """The order asks for a little more or less, within what the source tolerates; where nothing is, as below."""
    tolerance = book.tolerance(book.lines["currency"][deals])
    little = book.rng.integers(1, np.maximum(tolerance, 1), endpoint=True) * book.rng.choice([-1, 1], len(deals))
    tolerated = tolerance > 0
    book.orders["amount"][deals[tolerated]] += little[tolerated]
    other_order_id(book, deals[~tolerated])
    _variance(book, deals)


def other_order_id(book: Book, deals: Whole) -> None:
    """The CIP agrees, the line's order id is nobody's."""
    book.lines["order"][deals] = book.references.take(len(deals))
    _variance(book, deals)


def other_cip(book: Book, deals: Whole) -> None:
    """The order id agrees, the order has a CIP of its own that nobody paid."""
    book.orders["cip"][deals] = book.references.take(len(deals))
    _variance(book, deals)


def _amount(book: Book, deals: Whole, direction: int) -> None:
    gross, currency = book.lines["gross"][deals], book.lines["currency"][deals]
    least, most = book.bounds(currency)
    tolerance = book.tolerance(currency)
    cents = tolerance + _cents(book, len(deals))
    asked = gross + direction * cents
    fits = (asked >= least) & (asked <= most)
    asked = np.where(fits, asked, gross - direction * cents)
    book.orders["amount"][deals] = asked
    book.lines["outcome"][deals] = outcome_code(Outcome.amount_mismatch)


def _cents(book: Book, count: int) -> Whole:
    usual = np.array([1, 10, 50, 90, 100], dtype=np.int64)
    return np.where(book.rng.random(count) < 0.5, book.rng.choice(usual, count), book.rng.integers(1, 100, count))


def _currency(book: Book, deals: Whole) -> None:
    kinds = max(2, len(book.source.currencies))
    book.orders["currency"][deals] = (book.lines["currency"][deals] + 1) % kinds
    book.lines["outcome"][deals] = outcome_code(Outcome.currency_mismatch)


def _status(book: Book, deals: Whole, status: OrderStatus) -> None:
    book.orders["status"][deals] = status_code(status)
    for name in ("paid", "due"):
        book.orders[name][deals] = 0
    book.orders["updated"][deals] = book.lines["at"][deals] - HOUR
    book.orders["created"][deals] = book.lines["at"][deals] - 8 * HOUR
    book.lines["outcome"][deals] = outcome_code(Outcome.status_mismatch)


def _charges(book: Book, deals: Whole, *, fee: bool, tax: bool) -> None:
    rows = book.lines[deals]
    covered = book.tariff.covers(rows["currency"], rows["channel"])
    if fee:
        rows["fee"] += np.where(covered, book.rng.integers(1, 60, len(rows)), 0)
        book.tax(rows)
    if tax:
        rows["tax"] += np.where(covered, book.rng.integers(1, 20, len(rows)), 0)
    book.lines[deals] = rows
    other_order_id(book, deals[~covered])
    _variance(book, deals)


def _variance(book: Book, deals: Whole) -> None:
    book.lines["outcome"][deals] = outcome_code(Outcome.matched_with_variance)
