"""What comes back: refunds, reversals and chargebacks, linked ones and such as nobody can place."""

from __future__ import annotations

import numpy as np

from cuadre.model.codes import LineType, OrderStatus, Outcome
from cuadre.sandbox.book import HOUR, Book
from cuadre.sandbox.breaks_claims import unknown_references
from cuadre.sandbox.rows import LINE, NO_CHANNEL, Rows, Whole, outcome_code, status_code, type_code


def linked_returns(book: Book, count: int) -> None:
    """Add `count` returns that agree with their order: full and partial refunds, reversals, by CIP or by order id."""
    won_back = book.pick(count // 20)
    half = np.maximum(1, book.lines["gross"][won_back] // 2)
    _return(book, won_back, LineType.CHARGEBACK, half)
    _return(book, won_back, LineType.CHARGEBACK_REVERSAL, -half)
    deals = book.pick(count - 2 * len(won_back))
    kinds = book.rng.choice(4, len(deals), p=[0.45, 0.25, 0.25, 0.05])
    full, partial, reversed_, charged = (deals[kinds == kind] for kind in range(4))
    _return(book, full, LineType.REFUND, book.lines["gross"][full])
    _status(book, full, OrderStatus.REFUNDED)
    _return(book, partial, LineType.REFUND, np.maximum(1, book.lines["gross"][partial] // 3))
    _return(book, reversed_, LineType.REVERSAL, book.lines["gross"][reversed_])
    _status(book, reversed_, OrderStatus.REVERSED)
    _return(book, charged, LineType.CHARGEBACK, np.maximum(1, book.lines["gross"][charged] // 2))


def returns_of_earlier_orders(book: Book, originals: Rows) -> None:
    """Full refunds of orders that were settled on an earlier day; the orders join the book as refunded."""
    lines = np.zeros(len(originals), dtype=LINE)
    lines["cip"], lines["order"] = originals["cip"], originals["number"]
    lines["original"], lines["answer"] = originals["cip"], originals["number"]
    lines["currency"], lines["gross"] = originals["currency"], -originals["amount"]
    _complete(book, lines, LineType.REFUND, book.calendar.start() + book.rng.integers(9 * HOUR, 22 * HOUR, len(lines)))
    orders = originals.copy()
    orders["status"], orders["updated"] = status_code(OrderStatus.REFUNDED), lines["at"]
    book.add_lines(lines)
    book.add_orders(orders)


def unknown_and_refunded(book: Book, deals: Whole) -> None:
    """A payment of no known order, given back: the refund has its original, the payment has no order."""
    unknown_references(book, deals)
    lines = _return(book, deals, LineType.REFUND, book.lines["gross"][deals])
    lines["answer"], lines["original_is_order"] = 0, False
    lines["original"] = lines["cip"] = book.lines["cip"][deals]


def refund_above_original(book: Book, deals: Whole) -> None:
    """One refund of more than was paid."""
    gross = book.lines["gross"][deals]
    _return(book, deals, LineType.REFUND, gross + np.maximum(1, gross // 4), Outcome.amount_mismatch)
    _status(book, deals, OrderStatus.REFUNDED)


def two_refunds_above(book: Book, deals: Whole) -> None:
    """Two refunds that together are more than was paid."""
    gross = book.lines["gross"][deals]
    for _ in range(2):
        _return(book, deals, LineType.REFUND, gross - gross // 4, Outcome.amount_mismatch)
    _status(book, deals, OrderStatus.REFUNDED)


def refund_in_other_currency(book: Book, deals: Whole) -> None:
    """A small refund in a currency the original was not paid in; in the only currency there is, of too much."""
    kinds = len(book.source.currencies)
    if kinds == 1:
        refund_above_original(book, deals)
        return
    lines = _return(book, deals, LineType.REFUND, np.full(len(deals), 100), Outcome.currency_mismatch)
    lines["currency"] = (lines["currency"] + 1) % kinds


def refund_of_paid(book: Book, deals: Whole) -> None:
    """All is given back, and the shop still counts the order as paid."""
    _return(book, deals, LineType.REFUND, book.lines["gross"][deals], Outcome.status_mismatch)


def reversal_of_paid(book: Book, deals: Whole) -> None:
    """The collector took the payment back, and the shop still counts the order as paid."""
    _return(book, deals, LineType.REVERSAL, book.lines["gross"][deals], Outcome.status_mismatch)


def unlinked_refund(book: Book, units: Whole) -> None:
    """A refund of a CIP nobody knows."""
    _unlinked(book, len(units), LineType.REFUND)


def unlinked_reversal(book: Book, units: Whole) -> None:
    """A reversal of an order id nobody knows."""
    _unlinked(book, len(units), LineType.REVERSAL)["original_is_order"] = True


def unlinked_chargeback(book: Book, units: Whole) -> None:
    """A chargeback of a CIP nobody knows."""
    _unlinked(book, len(units), LineType.CHARGEBACK)


def unlinked_blank(book: Book, units: Whole) -> None:
    """A refund that does not say of what."""
    lines = _unlinked(book, len(units), LineType.REFUND)
    lines["original"], lines["blank"] = 0, True


def unlinked_unpaid(book: Book, units: Whole) -> None:
    """A refund of an order that was never paid."""
    lines = _unlinked(book, len(units), LineType.REFUND)
    _, orders = book.draw(len(units))
    orders["status"] = status_code(OrderStatus.EXPIRED)
    orders["paid"] = orders["due"] = 0
    lines["original"] = orders["cip"]
    book.add_orders(orders)


def _return(book: Book, deals: Whole, kind: LineType, amount: Whole, outcome: Outcome = Outcome.matched) -> Rows:
    """Add a return of `amount` cents to each deal; how the original is named varies by deal.

    On a tidy day every return says of what it is; else some leave it to their own references.
    """
    lines = book.lines[deals]
    lines["answer"], lines["gross"] = book.orders["number"][deals], -amount
    manner = deals % 10
    by_order, by_cip, by_id = manner == 3, (manner == 7) & (not book.tidy), (manner == 8) & (not book.tidy)
    lines["original_is_order"] = by_order
    lines["original"] = np.where(by_order, lines["order"], np.where(by_cip | by_id, 0, lines["cip"]))
    lines["cip"][by_id] = 0
    _complete(book, lines, kind, lines["at"] + book.rng.integers(60, 2 * HOUR, len(lines)))
    lines["outcome"] = outcome_code(outcome)
    book.add_lines(lines)
    return lines


def _unlinked(book: Book, count: int, kind: LineType) -> Rows:
    lines, _ = book.draw(count)
    lines["original"], lines["gross"] = lines["cip"], -lines["gross"]
    lines["cip"] = lines["order"] = lines["answer"] = 0
    _complete(book, lines, kind, lines["at"])
    lines["outcome"] = outcome_code(Outcome.unlinked)
    book.add_lines(lines)
    return lines


def _complete(book: Book, lines: Rows, kind: LineType, at: Whole) -> None:
    """Fill in what all returns share: no fee, no channel, a number of their own, within the day."""
    lines["type"], lines["operation"] = type_code(kind), book.operations.take(len(lines))
    lines["fee"] = lines["tax"] = 0
    lines["channel"] = NO_CHANNEL
    lines["at"] = np.minimum(at, book.calendar.start(1) - HOUR // 2)
    lines["outcome"] = outcome_code(Outcome.matched)


def _status(book: Book, deals: Whole, status: OrderStatus) -> None:
    book.orders["status"][deals] = status_code(status)
    book.orders["updated"][deals] += HOUR
