"""Scenarios of what a source allows beyond equal amounts: percent, parts, sums, and weekends without settlement."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from cuadre.config.calendar import Calendar
from cuadre.config.matching import Matching
from cuadre.model.codes import Outcome
from cuadre.sandbox.scenarios.story import Story

BY = "psp_reference"
SETTLED = Outcome.matched_with_variance


def percent_allowed(story: Story) -> None:
    """Half a percent of the order is allowed: no more, in either direction, and never with the sign turned round."""
    _allow(story, {"name": "near", "by": BY, "percent": "0.5", "of": "order"})
    for hundreds in (2, 50, 9000):
        for sign in (1, -1):
            allowed = sign * Decimal(hundreds) / 2
            for off, right in ((allowed, SETTLED), (allowed + sign * Decimal("0.01"), Outcome.amount_mismatch)):
                order = story.order(amount=Decimal(100 * hundreds))
                story.pay(order, right, gross=order["amount"] + off)
        order = story.order(amount=Decimal(100 * hundreds))
        story.pay(order, Outcome.amount_mismatch, gross=-order["amount"])


def parts_allowed(story: Story) -> None:
    """Payments in parts are allowed: they settle an order when all on its reference add up to it, over days too."""
    _allow(story, {"name": "parts", "by": BY, "group": "lines_to_order"})
    for _ in story.some():
        order = story.order(amount=story.amount() + 10)
        _pay_parts(story, order, [Decimal(3), Decimal(4), order["amount"] - 7], SETTLED)
        order = story.order(amount=story.amount() + 10)
        _pay_parts(story, order, [Decimal(3), order["amount"] - 4], Outcome.duplicate)
        order = story.order(amount=story.amount() + 10)
        _pay_parts(story, order, [Decimal(3), order["amount"] - 3, order["amount"]], Outcome.duplicate)
        order = story.order()
        _pay_parts(story, order, [order["amount"]] * 2, Outcome.duplicate)
        order = story.order(amount=story.amount() + 10)
        _pay_parts(story, order, [order["amount"] + 5, Decimal(-5)], Outcome.duplicate)
    begun = [story.order(amount=story.amount() + 10) for _ in story.some()]
    firsts = [(order, story.pay(order, Outcome.amount_mismatch, gross=Decimal(6))) for order in begun]
    story.next_day()
    for order, line in firsts:
        story.pay(order, SETTLED, gross=order["amount"] - 6)
        story.now(line, SETTLED, names=order)


def sums_allowed(story: Story) -> None:
    """One payment may be for several orders: it settles all on its reference when they add up to it, and else none."""
    _allow(story, {"name": "together", "by": BY, "group": "orders_to_line"})
    for _ in story.some():
        for more, right in ((Decimal(0), SETTLED), (Decimal(1), Outcome.ambiguous), (Decimal(-1), Outcome.ambiguous)):
            shared = story.number(12)
            orders = [story.order(psp_reference=shared) for _ in range(story.chance.randint(2, 4))]
            story.pay_together(orders, right, more)


def choices_allowed(story: Story) -> None:
    """Some of the payments on a reference may add up to its order: taken when one choice fits, refused when two do."""
    _allow(story, {"name": "parts", "by": BY, "group": "lines_to_order", "subset_sum": {"max_items": 6}})
    for _ in story.some():
        unit = Decimal(story.chance.randint(2, 9))
        order = story.order(amount=100 * unit)
        _pay_parts(story, order, [60 * unit, 40 * unit], SETTLED)
        _pay_parts(story, order, [17 * unit], Outcome.duplicate)
        order = story.order(amount=100 * unit)
        _pay_parts(story, order, [60 * unit, 40 * unit, 40 * unit], Outcome.ambiguous)
        story.alone(order, Outcome.ambiguous)
        order = story.order(amount=100 * unit)
        _pay_parts(story, order, [60 * unit, 41 * unit, 17 * unit], Outcome.duplicate)


def weekends(story: Story) -> None:
    """Nothing is settled on a weekend: what was paid on Friday is not due before Monday morning, and missing then."""
    settlement = story.source.settlement.model_copy(update={"calendar": Calendar(weekend=("sat", "sun"))})
    story.source = story.source.model_copy(update={"settlement": settlement})
    story.today = date(2026, 3, 6)
    thursday = datetime.combine(story.today, time(12), story.source.zone) - timedelta(days=1)
    story.alone(story.order(due_at=None, paid_at=thursday), Outcome.missing_in_settlement)
    orders, late = ([story.order(due_at=None) for _ in story.some()] for _ in range(2))
    for order in (*orders, *late):
        story.alone(order, Outcome.pending)
    story.next_day()
    story.next_day()
    for order in orders:
        story.pay(order, Outcome.matched)
    for order in late:
        story.alone(order, Outcome.missing_in_settlement)


def _allow(story: Story, further: dict[str, Any]) -> None:
    """Declare a further pass, as a source file would."""
    passes = [*(each.name for each in story.source.matching.by_reference), further]
    passes.append(passes.pop(-2))
    story.source = story.source.model_copy(update={"matching": Matching.model_validate({"passes": passes})})


def _pay_parts(story: Story, order: dict[str, Any], parts: list[Decimal], right: Outcome) -> None:
    for gross in parts:
        story.pay(order, right, gross=gross, merchant_reference=story.chance.choice([None, order["order_id"]]))
