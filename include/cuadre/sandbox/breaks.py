"""Row-level breaks the sandbox can plant: the registry, and how a share of the day is spread over it.

Each `Break` knows its outcome, what it costs in lines, deals and answer rows, and the function that plants it. The
planters live beside: `breaks_money` (what differs), `breaks_claims` (who claims what), `returns` (what comes back).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cuadre.model.codes import Outcome
from cuadre.sandbox import breaks_claims as claims
from cuadre.sandbox import breaks_money as money
from cuadre.sandbox import returns
from cuadre.sandbox.book import Book
from cuadre.sandbox.rows import Whole


@dataclass(frozen=True, slots=True)
class Break:
    """One way a row can be wrong.

    `rows` of the answers carry the outcome for each unit planted; a unit uses `deals` of the day and brings
    `extra_lines`. `plant` gets the indexes of the deals, `deals` for each unit.
    `second_day` marks what needs a day before.
    """

    name: str
    outcome: Outcome
    plant: Callable[[Book, Whole], None]
    rows: int = 1
    deals: int = 1
    extra_lines: int = 0
    second_day: bool = False


O = Outcome  # noqa: E741 (short on purpose: the table below is read by column)

BREAKS: tuple[Break, ...] = (
    Break("paid too little", O.amount_mismatch, money.paid_too_little),
    Break("paid too much", O.amount_mismatch, money.paid_too_much),
    Break("amount, fee and date at once", O.amount_mismatch, money.amount_fee_and_date),
    Break("amount differs, found by order id", O.amount_mismatch, money.amount_by_order_id),
    Break("amount differs on an expired order", O.amount_mismatch, money.amount_on_expired),
    Break("refund above the original", O.amount_mismatch, returns.refund_above_original, extra_lines=1),
    Break("two refunds above the original", O.amount_mismatch, returns.two_refunds_above, rows=2, extra_lines=2),
    Break("other currency, found by CIP", O.currency_mismatch, money.currency_by_cip),
    Break("other currency, found by order id only", O.currency_mismatch, money.currency_by_order_id),
    Break("refund in another currency", O.currency_mismatch, returns.refund_in_other_currency, extra_lines=1),
    Break("order expired", O.status_mismatch, money.order_expired),
    Break("order still pending", O.status_mismatch, money.order_pending),
    Break("order cancelled", O.status_mismatch, money.order_cancelled),
    Break("full refund, order still paid", O.status_mismatch, returns.refund_of_paid, extra_lines=1),
    Break("full reversal, order still paid", O.status_mismatch, returns.reversal_of_paid, extra_lines=1),
    Break("fee off by cents", O.matched_with_variance, money.fee_off),
    Break("tax off by cents", O.matched_with_variance, money.tax_off),
    Break("fee and tax off", O.matched_with_variance, money.fee_and_tax_off),
    Break("settled late", O.matched_with_variance, money.settled_late),
    Break("amount within tolerance", O.matched_with_variance, money.within_tolerance),
    Break("order id unknown, CIP agrees", O.matched_with_variance, money.other_order_id),
    Break("CIP unknown, order id agrees", O.matched_with_variance, money.other_cip),
    Break("sent twice with the same operation", O.duplicate, claims.twice_same_operation, rows=2, extra_lines=1),
    Break("sent twice with another operation", O.duplicate, claims.twice_other_operation, rows=2, extra_lines=1),
    Break("sent three times", O.duplicate, claims.three_times, rows=3, extra_lines=2),
    Break("sent twice without a CIP", O.duplicate, claims.twice_by_order_id, rows=2, extra_lines=1),
    Break("settled on an earlier day", O.duplicate, claims.settled_before, deals=0, extra_lines=1, second_day=True),
    Break("two orders with one CIP", O.ambiguous, claims.two_orders, rows=3),
    Break("a paid and an expired order with one CIP", O.ambiguous, claims.paid_and_expired, rows=2),
    Break("two orders and two lines with one CIP", O.ambiguous, claims.two_by_two, rows=4, extra_lines=1),
    Break("CIP of one order, id of an unpaid-out one", O.ambiguous, claims.conflict_with_open, rows=3),
    Break("CIP of one order, id of a settled one", O.ambiguous, claims.conflict_with_settled, rows=2, deals=2),
    Break("unknown references", O.missing_in_orders, claims.unknown_references),
    Break("no references", O.missing_in_orders, claims.no_references),
    Break("blank references", O.missing_in_orders, claims.blank_references),
    Break("unknown CIP, no order id", O.missing_in_orders, claims.unknown_cip),
    Break("unknown references, and refunded", O.missing_in_orders, returns.unknown_and_refunded, extra_lines=1),
    Break("no line", O.missing_in_settlement, claims.no_line, deals=0),
    Break("no line, order without a CIP", O.missing_in_settlement, claims.no_line_no_cip, deals=0),
    Break("no line, order with a blank CIP", O.missing_in_settlement, claims.no_line_blank_cip, deals=0),
    Break("no line, refunded order", O.missing_in_settlement, claims.no_line_refunded, deals=0),
    Break("no line, no due moment", O.missing_in_settlement, claims.no_line_no_due, deals=0),
    Break("refund of an unknown CIP", O.unlinked, returns.unlinked_refund, deals=0, extra_lines=1),
    Break("reversal of an unknown order", O.unlinked, returns.unlinked_reversal, deals=0, extra_lines=1),
    Break("chargeback of an unknown CIP", O.unlinked, returns.unlinked_chargeback, deals=0, extra_lines=1),
    Break("refund without references", O.unlinked, returns.unlinked_blank, deals=0, extra_lines=1),
    Break("refund of an order never paid", O.unlinked, returns.unlinked_unpaid, deals=0, extra_lines=1),
)

OUTCOMES_PLANTED = tuple(dict.fromkeys(b.outcome for b in BREAKS))


def spread(rows: int, shift: int, most_lines: int, *, second_day: bool = False) -> dict[Break, int]:
    """How many units of each break make up about `rows` answer rows, every outcome at least once.

    `shift` decides with which kind of an outcome to begin, so that small days differ by seed. No more than
    `most_lines` lines are touched; when that is too few for every outcome, the later outcomes stay out.
    """
    share = [rows // len(OUTCOMES_PLANTED) + (n < rows % len(OUTCOMES_PLANTED)) for n in range(len(OUTCOMES_PLANTED))]
    units: dict[Break, int] = {}
    left = most_lines
    for outcome, mine in zip(OUTCOMES_PLANTED, share, strict=True):
        kinds = [b for b in BREAKS if b.outcome is outcome and (second_day or not b.second_day)]
        start = shift % len(kinds)
        for kind, count in _deal_out(kinds[start:] + kinds[:start], max(1, mine)):
            fitting = min(count, left // max(1, _lines(kind)))
            left -= fitting * _lines(kind)
            if fitting:
                units[kind] = fitting
    return units


def plant(book: Book, units: dict[Break, int]) -> None:
    """Plant every break of `units` into the book."""
    for kind, count in units.items():
        kind.plant(book, book.pick(count * kind.deals) if kind.deals else np.zeros(count, dtype=np.int64))


def _lines(kind: Break) -> int:
    return kind.deals + kind.extra_lines


def _deal_out(kinds: Sequence[Break], rows: int) -> list[tuple[Break, int]]:
    """Give the kinds even shares of `rows`; what a kind cannot use goes to the next, and the first takes the rest."""
    each = rows / len(kinds)
    counts, carried = [], 0.0
    for kind in kinds:
        carried += each
        count = int(carried / kind.rows + 1e-9)
        carried -= count * kind.rows
        counts.append(count)
    if not any(counts):
        counts[0] = 1
    return list(zip(kinds, counts, strict=True))
