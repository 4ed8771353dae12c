"""Scenarios of money and state: tolerance, currency, least and greatest amounts, fees, several wrongs at once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from cuadre.config import FeePlan
from cuadre.model.codes import TAKEN_STATUSES, OrderStatus, Outcome
from cuadre.sandbox.scenarios.story import Row, Story

LEAST, MOST = Decimal("0.000001"), Decimal("999999999999.999999")
CENT = Decimal("0.01")


def tolerance(story: Story) -> None:
    """A difference up to the tolerance is a variance and a greater one a break, in either direction, by currency."""
    for sign in (1, -1):
        for off, right in (
            ("0.01", Outcome.matched_with_variance), ("0.05", Outcome.matched_with_variance),
            ("0.050001", Outcome.amount_mismatch), ("0.06", Outcome.amount_mismatch), ("1", Outcome.amount_mismatch),
        ):  # fmt: skip
            order = story.order(amount=story.amount() + 2)
            story.pay(order, right, gross=order["amount"] + sign * Decimal(off))
        order = story.order(currency="USD")
        story.pay(order, Outcome.amount_mismatch, gross=order["amount"] + sign * CENT)


def negative_payments(story: Story) -> None:
    """A payment with its sign turned round is as wrong as one of twice the amount, never within tolerance."""
    for _ in story.some():
        order = story.order()
        story.pay(order, Outcome.amount_mismatch, gross=-order["amount"])
    order = story.order(amount=Decimal("0.04"))
    story.pay(order, Outcome.amount_mismatch, gross=-order["amount"])


def currency_swaps(story: Story) -> None:
    """The same number in another currency settles nothing, however it is found."""
    for _ in story.some():
        order = story.order()
        story.pay(order, Outcome.currency_mismatch, currency="USD")
        order = story.order(psp_reference=None, currency="USD")
        story.pay(order, Outcome.currency_mismatch, currency="PEN")
        soles, dollars = story.order(amount=Decimal(70)), story.order(amount=Decimal(70), currency="USD")
        story.pay(soles, Outcome.currency_mismatch, currency="USD")
        story.pay(dollars, Outcome.currency_mismatch, currency="PEN")
        shared = story.number(12)
        both = [story.order(psp_reference=shared, currency=each, amount=Decimal(9)) for each in ("PEN", "USD")]
        for order in both:
            story.pay(order, Outcome.ambiguous, merchant_reference=None)
        for order in both:
            story.alone(order, Outcome.ambiguous)


def extreme_amounts(story: Story) -> None:
    """From a millionth to a millionth below a million millions, a difference of a millionth is seen."""
    for amount in (LEAST, CENT, Decimal("9999.999999"), Decimal(10**6), MOST):
        story.pay(story.order(amount=amount), Outcome.matched)
        story.pay(story.order(amount=amount, currency="USD"), Outcome.matched)
        less, more = story.order(amount=amount), story.order(amount=amount, currency="USD")
        something = Outcome.matched_with_variance if amount > LEAST else Outcome.amount_mismatch
        story.pay(less, something, gross=amount - LEAST)
        story.pay(more, Outcome.amount_mismatch, gross=amount - LEAST)
    story.pay(story.order(amount=MOST), Outcome.amount_mismatch, gross=LEAST)
    order = story.order(amount=MOST)
    story.pay(order, Outcome.missing_in_orders, psp_reference=None, merchant_reference=None)
    story.alone(order, Outcome.missing_in_settlement)


def fees_and_taxes(story: Story) -> None:
    """A cent more or less of fee or of tax is a variance, named on the pair it was charged for, in either direction."""
    for cents in (CENT, -CENT):
        order = story.order(amount=story.amount() + 10)
        fee = _fee(order, Decimal("3.99"))
        story.pay(order, Outcome.matched_with_variance, **{**fee, "tax": fee["tax"] + cents})
        order = story.order(amount=story.amount() + 10)
        story.pay(order, Outcome.matched_with_variance, fee=_fee(order, Decimal("3.99"))["fee"] + cents)
        story.pay(story.order(currency="USD"), Outcome.matched, fee=cents * 100)
    for _ in story.some():
        story.pay(story.order(), Outcome.matched_with_variance, fee=Decimal(0), tax=Decimal(0))


def fee_plan_changes(story: Story) -> None:
    """The contract changes in the middle of the period: the settlement date decides which fee was right."""
    tomorrow = story.today + timedelta(days=1)
    old, new = (
        {"currency": "PEN", "percent": percent, "tax_percent": "18", "valid_from": day}
        for percent, day in (("3.99", "2026-01-01"), ("2.5", tomorrow))
    )
    plans = (FeePlan.model_validate({**old, "valid_to": story.today}), FeePlan.model_validate(new))
    story.source = story.source.model_copy(update={"fees": plans})
    _charged(story, right=Decimal("3.99"), wrong=Decimal("2.5"))
    story.next_day()
    _charged(story, right=Decimal("2.5"), wrong=Decimal("3.99"))


def several_wrongs(story: Story) -> None:
    """One pair is wrong in several ways at once, and the gravest decides: currency, amount, status, then the rest."""
    for _ in story.some():
        late = story.source.as_of(story.today - timedelta(days=2))
        wrong: Row = {"fee": Decimal(9), "merchant_reference": story.number(8)}
        expired: Row = {"status": OrderStatus.EXPIRED.value, "paid_at": None, "due_at": None}
        order = story.order(**expired)
        story.pay(order, Outcome.currency_mismatch, currency="USD", gross=order["amount"] * 2, **wrong)
        order = story.order(**expired)
        story.pay(order, Outcome.amount_mismatch, gross=order["amount"] * 2, **wrong)
        story.pay(story.order(**expired), Outcome.status_mismatch, **wrong)
        order = story.order(due_at=late)
        story.pay(order, Outcome.amount_mismatch, gross=order["amount"] * 2, **wrong)
        story.pay(story.order(due_at=late, amount=story.amount() + 300), Outcome.matched_with_variance, **wrong)


def states(story: Story) -> None:
    """A payment for an order nobody took money for contradicts it; without a payment such an order is no row at all."""
    for status in OrderStatus:
        taken = status in TAKEN_STATUSES
        order = story.order(status=status.value)
        story.pay(order, Outcome.matched if taken else Outcome.status_mismatch)
        order = story.order(status=status.value)
        if taken:
            story.alone(order, Outcome.missing_in_settlement)


def _charged(story: Story, *, right: Decimal, wrong: Decimal) -> None:
    for _ in story.some():
        order = story.order(amount=Decimal(story.chance.randint(20, 900)))
        story.pay(order, Outcome.matched, **_fee(order, right))
        order = story.order(amount=Decimal(story.chance.randint(20, 900)))
        story.pay(order, Outcome.matched_with_variance, **_fee(order, wrong))


def _fee(order: Row, percent: Decimal) -> Row:
    """The fee of `percent` and 18 % tax on it, to the cent."""
    fee = (order["amount"] * percent / 100 + CENT / 2) // CENT * CENT
    return {"fee": fee, "tax": (fee * 18 / 100 + CENT / 2) // CENT * CENT}
