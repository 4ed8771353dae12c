"""Scenarios of time: late payments and late orders, midnight, corrected files and corrected orders."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal

from cuadre.model.codes import OrderStatus, Outcome
from cuadre.sandbox.scenarios.story import Story

MOMENT = timedelta(microseconds=1)


def late_payments(story: Story) -> None:
    """An order is pending until it is due, missing from then on, and settled late when its payment comes after all."""
    orders = [story.order(due_at=story.source.as_of(story.today + timedelta(days=1))) for _ in story.some()]
    lost = story.order(due_at=story.source.as_of(story.today + timedelta(days=1)))
    for order in (*orders, lost):
        story.alone(order, Outcome.pending)
    story.next_day()
    for order in (*orders, lost):
        story.alone(order, Outcome.missing_in_settlement)
    story.next_day()
    for order in orders:
        story.pay(order, Outcome.matched_with_variance)


def late_orders(story: Story) -> None:
    """A payment comes before its order: missing in the orders until the order appears, then settled in time."""
    known = [(story.number(12), story.source.as_of(story.today)) for _ in story.some()]
    early = []
    for reference, due in known:
        order = story.order(psp_reference=reference, due_at=due)
        early.append((order, story.pay(order, Outcome.missing_in_orders)))
        del story.orders[order["order_id"]]
    story.next_day()
    for order, line in early:
        story.orders[order["order_id"]] = order
        story.now(line, Outcome.matched, names=order)


def due_moments(story: Story) -> None:
    """Due at the moment of judging is missing, due an instant later pending; and local days end at midnight."""
    judged = story.source.as_of(story.today)
    story.alone(story.order(due_at=judged), Outcome.missing_in_settlement)
    story.alone(story.order(due_at=judged + MOMENT), Outcome.pending)
    midnight = datetime.combine(story.today + timedelta(days=1), time(0), story.source.zone)
    for _ in story.some():
        before = midnight - MOMENT * story.chance.randint(1, 10**9)
        story.alone(story.order(due_at=None, paid_at=before), Outcome.missing_in_settlement)
        after = midnight + MOMENT * story.chance.randint(0, 10**9)
        story.alone(story.order(due_at=None, paid_at=after), Outcome.pending)
    story.pay(story.order(due_at=midnight), Outcome.matched)
    story.pay(story.order(due_at=midnight - MOMENT), Outcome.matched_with_variance)


def restatements(story: Story) -> None:
    """A corrected file takes the place of a day's: nothing of the first one is left, today or afterwards."""
    plain = story.settled(5)
    wrong, left_out, invented = ([story.order() for _ in story.some()] for _ in range(3))
    for order in wrong:
        story.pay(order, Outcome.amount_mismatch, gross=order["amount"] + 3)
    for order in left_out:
        story.alone(order, Outcome.missing_in_settlement)
    for order in invented:
        story.pay(order, Outcome.matched)
    story.restate()
    for order in (*wrong, *left_out, *plain):
        story.pay(order, Outcome.matched)
    for order in invented:
        story.alone(order, Outcome.missing_in_settlement)
    story.next_day()
    for order in invented:
        story.pay(order, Outcome.matched_with_variance)
    for order in plain:
        story.pay(order, Outcome.duplicate)


def corrected_orders(story: Story) -> None:
    """The shop corrects an order that was wrong: the open break closes. One that was settled before opens again."""
    amounts, states, settled = [story.order() for _ in story.some()], [], story.settled(4)
    cheap = [(order, story.pay(order, Outcome.amount_mismatch, gross=order["amount"] + 7)) for order in amounts]
    for _ in story.some():
        order = story.order(status=OrderStatus.EXPIRED.value)
        states.append((order, story.pay(order, Outcome.status_mismatch)))
    story.next_day()
    for order, line in cheap:
        story.edit(order, amount=order["amount"] + 7)
        story.now(line, Outcome.matched, names=order)
    for order, line in states:
        story.edit(order, status=OrderStatus.PAID.value)
        story.now(line, Outcome.matched, names=order)
    for order in settled:
        story.edit(order, amount=order["amount"] + Decimal(1))
        story.alone(order, Outcome.amount_mismatch)
