"""Scenarios of payments that are settled in another currency than they were made in."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from cuadre.config.exchange import Exchange
from cuadre.model.codes import Outcome
from cuadre.sandbox.scenarios.story import Row, Story

CENT = Decimal("0.01")
SETTLED, BROKEN = Outcome.matched_with_variance, Outcome.amount_mismatch


def exchanged_payments(story: Story) -> None:
    """Paid in dollars, settled in soles: right at its rate, a variance up to half a percent, beyond it a break."""
    for sign in (1, -1):
        for off, right in (("0", Outcome.matched), ("0.01", SETTLED), ("1", SETTLED), ("1.01", BROKEN), ("90", BROKEN)):
            order = _dollars(story, amount=Decimal(50))
            _exchange(story, order, right, rate=Decimal(4), off=sign * Decimal(off))
    for right, columns in (
        (BROKEN, {"presentment_amount": Decimal(49)}),
        (Outcome.currency_mismatch, {"presentment_amount": Decimal(-50)}),
        (Outcome.currency_mismatch, {"exchange_rate": None}),
        (Outcome.currency_mismatch, {"presentment_amount": None}),
        (Outcome.currency_mismatch, {"presentment_currency": "EUR"}),
        (Outcome.currency_mismatch, {"presentment_currency": None}),
    ):
        _exchange(story, _dollars(story, amount=Decimal(50)), right, rate=Decimal(4), **columns)
    story.pay(story.order(), Outcome.matched, presentment_currency="USD", presentment_amount=CENT, exchange_rate=CENT)
    early = [_dollars(story) for _ in story.some()]
    lines = [_exchange(story, order, Outcome.missing_in_orders, rate=Decimal("3.752499")) for order in early]
    for order in early:
        del story.orders[order["order_id"]]
    story.next_day()
    for order, line in zip(early, lines, strict=True):
        story.orders[order["order_id"]] = order
        story.now(line, Outcome.matched, names=order)


def unbelieved_rates(story: Story) -> None:
    """A rate beyond those declared counts as the nearest of them, however well it agrees with what was settled."""
    believed = Exchange.model_validate({"percent": "0.5", "rates": {"USD": {"PEN": ["3.20", "4.20"]}}})
    settlement = story.source.settlement.model_copy(update={"exchange": believed})
    story.source = story.source.model_copy(update={"settlement": settlement})
    for rate, right in (
        ("3.20", Outcome.matched), ("4.20", Outcome.matched), ("3.19", SETTLED), ("4.21", SETTLED),
        ("3.18", BROKEN), ("4.23", BROKEN), ("0.266489", BROKEN), ("375.25", BROKEN), ("0.00001", BROKEN),
    ):  # fmt: skip
        _exchange(story, _dollars(story, amount=Decimal(1000)), right, rate=Decimal(rate))
    order = _dollars(story, amount=Decimal(1000))
    _exchange(story, order, BROKEN, rate=Decimal("3.75"), exchange_rate=Decimal("0.266489"))


def _dollars(story: Story, **given: Decimal) -> Row:
    """An order in dollars, now and then one that never learned its provider's reference."""
    reference = story.chance.choice([story.number(12), story.number(12), None])
    return story.order(currency="USD", psp_reference=reference, **given)


def _exchange(
    story: Story, order: Row, right: Outcome, *, rate: Decimal, off: Decimal = Decimal(0), **given: object
) -> Row:
    """Pay `order` in its own currency, and settle it in soles at `rate` and `off` by so much."""
    gross = (order["amount"] * rate).quantize(CENT, ROUND_HALF_UP) + off
    columns = {"presentment_currency": order["currency"], "presentment_amount": order["amount"], "exchange_rate": rate}
    return story.pay(order, right, gross=gross, currency="PEN", **{**columns, **given})
