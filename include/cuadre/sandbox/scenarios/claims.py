"""Scenarios of who claims what: equal amounts, payments in parts or together, the same record again, no way to tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cuadre.model.codes import LineType, Outcome
from cuadre.sandbox.scenarios.story import Row, Story


def equal_amounts(story: Story) -> None:
    """Everything costs the same and is paid in the same minute: only references settle, amount and moment never do."""
    price = story.amount()
    for _ in range(20):
        story.pay(story.order(amount=price), Outcome.matched)
    for _ in story.some():
        order = story.order(amount=price)
        story.pay(order, Outcome.missing_in_orders, psp_reference=None, merchant_reference=None)
        story.alone(order, Outcome.missing_in_settlement)
        order = story.order(amount=price)
        nobody: Row = {"psp_reference": story.number(12), "merchant_reference": story.number(8)}
        story.pay(order, Outcome.missing_in_orders, **nobody)
        story.alone(order, Outcome.missing_in_settlement)


def split_payments(story: Story) -> None:
    """An order is paid in parts: without a rule that allows it, no part settles the order, even over days."""
    for _ in story.some():
        order = story.order()
        for gross in _parts(story, order["amount"]):
            story.pay(order, Outcome.duplicate, gross=gross)
        order = story.order(psp_reference=None)
        for gross in _parts(story, order["amount"]):
            story.pay(order, Outcome.duplicate, gross=gross)
        order = story.order()
        first, *rest = _parts(story, order["amount"])
        story.pay(order, Outcome.amount_mismatch, gross=first)
        for gross in rest:
            _nameless(story, order, gross=gross)
    over_days = [story.order() for _ in story.some()]
    begun = [(order, story.pay(order, Outcome.amount_mismatch, gross=order["amount"] - 1)) for order in over_days]
    story.next_day()
    for order, line in begun:
        story.pay(order, Outcome.duplicate, gross=Decimal(1))
        story.now(line, Outcome.duplicate, names=order)


def merged_payments(story: Story) -> None:
    """One payment is for several orders: the order it names is paid too much, the others stay open."""
    for _ in story.some():
        named, *others = (story.order() for _ in range(story.chance.randint(2, 4)))
        together = sum((order["amount"] for order in others), named["amount"])
        story.pay(named, Outcome.amount_mismatch, gross=together)
        for order in others:
            story.alone(order, Outcome.missing_in_settlement)
        both = [story.order(), story.order()]
        joined = "+".join(order["order_id"] for order in both)
        gross = both[0]["amount"] + both[1]["amount"]
        _nameless(story, both[0], gross=gross, merchant_reference=joined)
        for order in both:
            story.alone(order, Outcome.missing_in_settlement)


def payouts(story: Story) -> None:
    """Payouts in parts or drawn together, fees and roundings settle no order, whatever they name or amount to."""
    orders = story.settled(6)
    half = sum((order["amount"] for order in orders), Decimal(0)) / 2
    for _ in range(2):
        story.other(LineType.PAYOUT, -half.quantize(Decimal("0.01")))
    for kind in (LineType.PAYOUT, LineType.ADJUSTMENT, LineType.FEE, LineType.ROUNDING):
        order = story.order()
        references = {"psp_reference": order["psp_reference"], "merchant_reference": order["order_id"]}
        story.other(kind, order["amount"], **references)
        story.alone(order, Outcome.missing_in_settlement)


def duplicates(story: Story) -> None:
    """A record comes again in its file, in another file of the day, or on a later day: no open one is chosen."""
    for _ in story.some():
        order = story.order()
        story.pay(order, Outcome.duplicate, operation_reference=f"op{order['order_id']}")
        story.pay(order, Outcome.duplicate, operation_reference=f"op{order['order_id']}")
        order = story.order(psp_reference=None)
        for part in (1, 2, 2):
            story.pay(order, Outcome.duplicate, part=part)
    orders = story.settled(story.chance.randint(3, 6))
    story.next_day()
    for order in orders:
        story.pay(order, Outcome.duplicate)
    story.next_day()
    story.settled(3)


def file_sent_again(story: Story) -> None:
    """The whole of a day's file comes again as the next day's: nothing is settled twice."""
    orders, open_orders = story.settled(12), [story.order() for _ in range(3)]
    open_pairs = [
        (order, story.pay(order, Outcome.amount_mismatch, gross=order["amount"] + 1)) for order in open_orders
    ]
    story.next_day()
    for order in orders:
        story.pay(order, Outcome.duplicate)
    for order, line in open_pairs:
        story.pay(order, Outcome.duplicate, gross=order["amount"] + 1)
        story.now(line, Outcome.duplicate, names=order)


def unresolvable(story: Story) -> None:
    """As many payments as orders share one reference and one amount: pairing them by sort order would be a guess."""
    for orders_in, lines_in in ((2, 2), (3, 3), (2, 3), (3, 2)):
        shared, amount = story.number(12), story.amount()
        orders = [story.order(psp_reference=shared, amount=amount) for _ in range(orders_in)]
        for number in range(lines_in):
            story.pay(orders[number % orders_in], Outcome.ambiguous, merchant_reference=None)
        for order in orders:
            story.alone(order, Outcome.ambiguous)


def _parts(story: Story, amount: Decimal) -> list[Decimal]:
    """`amount` in two or three parts."""
    first = (amount / story.chance.randint(2, 5)).quantize(Decimal("0.01"))
    rest = amount - first
    if story.chance.random() < 0.5:
        return [first, rest]
    second = (rest / 2).quantize(Decimal("0.01"))
    return [first, second, rest - second]


def _nameless(story: Story, order: Row, **given: Any) -> None:
    """A payment for `order` that names nobody there is; whatever is right of the order itself stays right."""
    row = {"psp_reference": None, "merchant_reference": None, **given}
    stands_in = {**order, "order_id": f"nobody-{story.number(6)}"}
    story.pay(stands_in, Outcome.missing_in_orders, **row)
