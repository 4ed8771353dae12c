"""Scenarios of what is given back: before its payment, in parts, over days, too much of it, and won back again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from cuadre.model.codes import LineType, OrderStatus, Outcome
from cuadre.sandbox.scenarios.story import Row, Story

REFUNDED, REVERSED = OrderStatus.REFUNDED.value, OrderStatus.REVERSED.value


def refunds_first(story: Story) -> None:
    """A refund comes before its payment: it waits unlinked for an order unknown, and is linked when that appears."""
    early = []
    for _ in story.some():
        unknown: Row = {"order_id": f"B{story.number(8)}", "psp_reference": story.number(12), "currency": "PEN"}
        early.append((unknown, story.give_back(unknown, Decimal(25), Outcome.unlinked)))
    waiting = [story.order(status=REFUNDED, due_at=story.source.as_of(_tomorrow(story))) for _ in story.some()]
    for order in waiting:
        story.give_back(order, order["amount"], Outcome.matched)
        story.alone(order, Outcome.pending)
    story.next_day()
    for unknown, refund in early:
        order = story.order(**unknown, amount=Decimal(25), status=REFUNDED)
        story.pay(order, Outcome.matched)
        story.now(refund, Outcome.matched, names=order)
    for order in waiting:
        story.pay(order, Outcome.matched)


def partial_refunds(story: Story) -> None:
    """Refunds in parts over days are right while they stay within the payment, and all of it once it is refunded."""
    kept, emptied, unmarked = ([story.order() for _ in story.some()] for _ in range(3))
    for order in (*kept, *emptied, *unmarked):
        story.pay(order, Outcome.matched)
    halves = {order["order_id"]: _half(order) for order in (*kept, *emptied, *unmarked)}
    story.next_day()
    for order in (*kept, *emptied, *unmarked):
        story.give_back(order, halves[order["order_id"]], Outcome.matched)
    story.next_day()
    for order in kept:
        story.give_back(order, order["amount"] - halves[order["order_id"]] - Decimal("0.01"), Outcome.matched)
    for order in emptied:
        story.edit(order, status=REFUNDED)
        story.give_back(order, order["amount"] - halves[order["order_id"]], Outcome.matched)
    for order in unmarked:
        story.give_back(order, order["amount"] - halves[order["order_id"]], Outcome.status_mismatch)


def refunds_above_the_payment(story: Story) -> None:
    """More is given back than was paid, at once, in parts or over days: every return then in play is wrong."""
    at_once, in_parts, over_days = ([story.order(status=REFUNDED) for _ in story.some()] for _ in range(3))
    for order in (*at_once, *in_parts, *over_days):
        story.pay(order, Outcome.matched)
    for order in at_once:
        story.give_back(order, order["amount"] + Decimal("0.01"), Outcome.amount_mismatch)
    for order in in_parts:
        story.give_back(order, order["amount"], Outcome.amount_mismatch)
        story.give_back(order, Decimal("0.5"), Outcome.amount_mismatch, line_type=LineType.REVERSAL)
    for order in over_days:
        story.give_back(order, order["amount"], Outcome.matched)
    story.next_day()
    for order in (*in_parts, *over_days):
        story.give_back(order, order["amount"], Outcome.amount_mismatch)


def refunds_by_unlearned_references(story: Story) -> None:
    """An order never learned what it was paid under: later refunds that name that find it, if only it was paid so."""
    paid = {story.number(12): story.order(psp_reference=None) for _ in story.some()}
    first, shared = story.order(psp_reference=None), story.number(12)
    for reference, order in (*paid.items(), (shared, first)):
        story.pay(order, Outcome.matched, psp_reference=reference)
    story.next_day()
    second = story.order(psp_reference=None)
    story.pay(second, Outcome.matched, psp_reference=shared)
    for reference, order in paid.items():
        story.edit(order, status=REFUNDED)
        story.give_back(order, order["amount"] - Decimal("0.5"), Outcome.matched, original_reference=reference)
    story.next_day()
    for order in (first, second):
        story.give_back(order, Decimal("0.5"), Outcome.ambiguous, original_reference=shared)
    for reference, order in paid.items():
        story.give_back(order, Decimal("0.5"), Outcome.matched, original_reference=reference)
    story.next_day()
    for reference, order in paid.items():
        story.give_back(order, Decimal("0.01"), Outcome.amount_mismatch, original_reference=reference)


def refunds_of_unknown_orders(story: Story) -> None:
    """A payment has no order: its refunds over days are still held against it, and against the order that turns up."""
    kept, above, found = ([_unknown(story) for _ in story.some()] for _ in range(3))
    lines = {each["order_id"]: story.pay(each, Outcome.missing_in_orders) for each in (*kept, *above, *found)}
    story.next_day()
    for each in (*kept, *above, *found):
        story.give_back(each, _half(each), Outcome.matched, known=False)
    story.next_day()
    for each in kept:
        story.give_back(each, each["amount"] - _half(each), Outcome.matched, known=False)
    for each in above:
        story.give_back(each, each["amount"], Outcome.amount_mismatch, known=False)
    for each in found:
        story.now(lines[each["order_id"]], Outcome.matched, names=story.order(**each))
    story.next_day()
    for each in found:
        story.give_back(each, each["amount"], Outcome.amount_mismatch)


def full_refunds_of_paid_orders(story: Story) -> None:
    """All is given back of an order that the shop still calls paid; right as soon as the shop says so too."""
    for kind, then in ((LineType.REFUND, REFUNDED), (LineType.REVERSAL, REVERSED), (LineType.CHARGEBACK, REVERSED)):
        order = story.order()
        story.pay(order, Outcome.matched)
        line = story.give_back(order, order["amount"], Outcome.status_mismatch, line_type=kind)
        story.next_day()
        story.edit(order, status=then)
        story.now(line, Outcome.matched)


def reversed_chargebacks(story: Story) -> None:
    """A chargeback is won back once and up to what was charged back; without a chargeback it is nobody's money."""
    at_once, later, first, never = ([story.order() for _ in story.some()] for _ in range(4))
    for order in (*at_once, *later, *first, *never):
        story.pay(order, Outcome.matched)
    for order in at_once:
        _charge_back(story, order, Outcome.matched)
        _win_back(story, order, Outcome.matched)
    for order in later:
        story.edit(order, status=REVERSED)
        _charge_back(story, order, Outcome.matched)
    early = [(order, _win_back(story, order, Outcome.amount_mismatch)) for order in first]
    for order in never:
        _win_back(story, order, Outcome.amount_mismatch)
    story.next_day()
    for order in later:
        _win_back(story, order, Outcome.matched)
    for order, line in early:
        _charge_back(story, order, Outcome.matched)
        story.now(line, Outcome.matched, names=order)
    story.next_day()
    for order in later:
        _win_back(story, order, Outcome.amount_mismatch)


def returns_of_nobody(story: Story) -> None:
    """A return whose payment is unknown, unnamed, never taken, in another currency or not the only one is refused."""
    for _ in story.some():
        order = story.order()
        story.pay(order, Outcome.matched)
        story.give_back(order, Decimal(1), Outcome.unlinked, original_reference=story.typo(order["psp_reference"]))
        story.give_back(order, Decimal(1), Outcome.unlinked, original_reference=" ")
        story.give_back(order, order["amount"], Outcome.currency_mismatch, currency="USD")
        expired = story.order(status=OrderStatus.EXPIRED.value)
        story.give_back(expired, expired["amount"], Outcome.unlinked)
        twins = [story.order(psp_reference=f"twin{order['order_id']}") for _ in range(2)]
        story.give_back(twins[0], Decimal(1), Outcome.ambiguous)
        for twin in twins:
            story.alone(twin, Outcome.missing_in_settlement)


def refunds_without_a_payment(story: Story) -> None:
    """A refund is no payment: the order it gives back is missing in the settlement all the same."""
    for _ in story.some():
        order = story.order(status=REFUNDED)
        story.give_back(order, order["amount"], Outcome.matched)
        story.alone(order, Outcome.missing_in_settlement)


def _unknown(story: Story) -> Row:
    """What is paid of an order that the shop does not have."""
    references = {"order_id": f"B{story.number(8)}", "psp_reference": story.number(12)}
    return {**references, "currency": "PEN", "amount": story.amount(), "status": REFUNDED}


def _charge_back(story: Story, order: Row, right: Outcome) -> Row:
    return story.give_back(order, order["amount"], right, line_type=LineType.CHARGEBACK)


def _win_back(story: Story, order: Row, right: Outcome) -> Row:
    return story.give_back(order, order["amount"], right, line_type=LineType.CHARGEBACK_REVERSAL)


def _half(order: Row) -> Decimal:
    half: Decimal = (order["amount"] / 2).quantize(Decimal("0.01"))
    return half


def _tomorrow(story: Story) -> date:
    return story.today + timedelta(days=1)
