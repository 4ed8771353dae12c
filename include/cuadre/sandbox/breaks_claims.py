"""Breaks of who claims what: several lines for one order, several orders for one line, and nobody for either."""

from __future__ import annotations

from cuadre.model.codes import OrderStatus, Outcome
from cuadre.sandbox.book import Book
from cuadre.sandbox.rows import DUE_DECIDES, NO_ROW, Rows, Whole, outcome_code, status_code


def twice_same_operation(book: Book, deals: Whole) -> None:
    """The provider repeats a line, operation number and all."""
    _repeat(book, deals, times=1, same_operation=True)


def twice_other_operation(book: Book, deals: Whole) -> None:
    """The buyer's payment comes twice under two operation numbers."""
    _repeat(book, deals, times=1, same_operation=False)


def three_times(book: Book, deals: Whole) -> None:
    """Three lines for one order."""
    _repeat(book, deals, times=2, same_operation=False)


def twice_by_order_id(book: Book, deals: Whole) -> None:
    """Two lines without a CIP carry the same order id."""
    book.lines["cip"][deals] = 0
    _repeat(book, deals, times=1, same_operation=False)


def settled_before(book: Book, units: Whole) -> None:
    """A line for an order that an earlier day's line has cleared."""
    orders = book.take_settled(len(units))
    lines, _ = book.draw(len(orders))
    lines["cip"], lines["currency"], lines["gross"] = orders["cip"], orders["currency"], orders["amount"]
    lines["order"] = lines["answer"] = orders["number"]
    lines["outcome"] = outcome_code(Outcome.duplicate)
    book.charge(lines)
    book.add_lines(lines)
    book.add_orders(orders)


def two_orders(book: Book, deals: Whole) -> None:
    """Two paid orders carry the CIP of one line."""
    _ambiguous(book, deals)
    book.add_orders(_twins(book, deals))


def paid_and_expired(book: Book, deals: Whole) -> None:
    """A paid and an expired order carry the CIP of one line."""
    _ambiguous(book, deals)
    twins = _twins(book, deals)
    twins["status"] = status_code(OrderStatus.EXPIRED)
    twins["paid"] = twins["due"] = 0
    twins["outcome"] = NO_ROW
    book.add_orders(twins)


def two_by_two(book: Book, deals: Whole) -> None:
    """Two orders and two lines share one CIP."""
    two_orders(book, deals)
    again = book.lines[deals]
    again["operation"] = book.operations.take(len(again))
    book.add_lines(again)


def conflict_with_open(book: Book, deals: Whole) -> None:
    """The CIP is one order's, the order id another's which has no line."""
    _, others = book.draw(len(deals))
    others["outcome"] = outcome_code(Outcome.ambiguous)
    book.add_orders(others)
    book.lines["order"][deals] = others["number"]
    _ambiguous(book, deals)


def conflict_with_settled(book: Book, deals: Whole) -> None:
    """The CIP is one order's, the order id another's which has its own line."""
    first, second = deals[: len(deals) // 2], deals[len(deals) // 2 :]
    book.lines["order"][first] = book.orders["number"][second]
    _ambiguous(book, first)


def unknown_references(book: Book, deals: Whole) -> None:
    """Neither CIP nor order id is known to the shop."""
    book.orders["number"][deals] = 0
    book.lines["answer"][deals] = 0
    book.lines["outcome"][deals] = outcome_code(Outcome.missing_in_orders)


def no_references(book: Book, deals: Whole) -> None:
    """A payment nobody put a name to."""
    unknown_references(book, deals)
    book.lines["cip"][deals] = 0
    book.lines["order"][deals] = 0


def blank_references(book: Book, deals: Whole) -> None:
    """As without references, written as blanks."""
    no_references(book, deals)
    book.lines["blank"][deals] = True


def unknown_cip(book: Book, deals: Whole) -> None:
    """An unknown CIP and no order id."""
    unknown_references(book, deals)
    book.lines["order"][deals] = 0


def no_line(book: Book, units: Whole) -> None:
    """Paid, due, and not in the settlement."""
    book.add_orders(_unsettled(book, len(units)))


def no_line_no_cip(book: Book, units: Whole) -> None:
    """As without a line, and the order does not know its CIP."""
    orders = _unsettled(book, len(units))
    orders["cip"] = 0
    book.add_orders(orders)


def no_line_blank_cip(book: Book, units: Whole) -> None:
    """As without a line, and the order's CIP is an empty text, which is not a CIP."""
    orders = _unsettled(book, len(units))
    orders["cip"], orders["blank"] = 0, True
    book.add_orders(orders)


def no_line_refunded(book: Book, units: Whole) -> None:
    """Paid and given back by the shop, and the payment was never settled."""
    orders = _unsettled(book, len(units))
    orders["status"] = status_code(OrderStatus.REFUNDED)
    book.add_orders(orders)


def no_line_no_due(book: Book, units: Whole) -> None:
    """As without a line; the due moment follows from the payment."""
    orders = _unsettled(book, len(units))
    orders["due"] = 0
    book.add_orders(orders)


def _repeat(book: Book, deals: Whole, *, times: int, same_operation: bool) -> None:
    book.lines["outcome"][deals] = outcome_code(Outcome.duplicate)
    for _ in range(times):
        again = book.lines[deals]
        if not same_operation:
            again["operation"] = book.operations.take(len(again))
            again["at"] += book.rng.integers(1, 30, len(again))
        book.add_lines(again)


def _ambiguous(book: Book, deals: Whole) -> None:
    book.lines["outcome"][deals] = outcome_code(Outcome.ambiguous)
    book.lines["answer"][deals] = 0
    book.orders["outcome"][deals] = outcome_code(Outcome.ambiguous)


def _twins(book: Book, deals: Whole) -> Rows:
    twins = book.orders[deals]
    twins["number"] = book.references.take(len(twins))
    twins["outcome"] = outcome_code(Outcome.ambiguous)
    return twins


def _unsettled(book: Book, count: int) -> Rows:
    """Paid orders that are due by the next morning, whatever the source's lag."""
    _, orders = book.draw(count)
    days = 1 - max(1, book.source.settlement.lag_days)
    shift = book.calendar.start(days) - book.calendar.start()
    for name in ("paid", "created", "updated"):
        orders[name] += shift
    orders["due"] = book.calendar.due(days)
    orders["outcome"] = DUE_DECIDES
    return orders
