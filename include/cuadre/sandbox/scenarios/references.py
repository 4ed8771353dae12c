"""Scenarios of references: mistyped, shared, blank, alike to the eye and not the same."""

from __future__ import annotations

from itertools import pairwise

from cuadre.model.codes import OrderStatus, Outcome
from cuadre.sandbox.scenarios.story import Story

BLANKS = (None, "", " ", "\t", "\u00a0", "\u200b", "\ufeff", "\u3000 \u2060")
LOOK_ALIKES = (
    ("A", "\u0410"), ("0", "O"), ("1", "\uff11"), ("-", "\u2010"), ("\u00e9", "e\u0301"), ("7", "7\u200b"),
)  # fmt: skip
"""What is written, and what looks like it: Cyrillic, full width, a typographic hyphen, a composed letter, no width."""


def typos(story: Story) -> None:
    """A digit of a reference is wrong: where the other reference agrees it is a variance, else both sides stay open."""
    for _ in story.some():
        order = story.order()
        story.pay(order, Outcome.matched_with_variance, psp_reference=story.typo(order["psp_reference"]))
        order = story.order()
        story.pay(order, Outcome.matched_with_variance, merchant_reference=story.typo(order["order_id"]))
        order = story.order()
        wrong = story.typo(order["psp_reference"])
        story.pay(order, Outcome.missing_in_orders, psp_reference=wrong, merchant_reference=None)
        story.alone(order, Outcome.missing_in_settlement)
        order = story.order()
        wrong, too = story.typo(order["psp_reference"]), story.typo(order["order_id"])
        story.pay(order, Outcome.missing_in_orders, psp_reference=wrong, merchant_reference=too)
        story.alone(order, Outcome.missing_in_settlement)


def typos_that_hit_others(story: Story) -> None:
    """A mistyped reference is another order's: two lines claim it or two references disagree, and none is believed."""
    for _ in story.some():
        mine, others = story.order(), story.order()
        story.pay(others, Outcome.duplicate)
        wrong = others["psp_reference"]
        story.pay(mine, Outcome.duplicate, names=others, psp_reference=wrong, merchant_reference=None)
        story.alone(mine, Outcome.missing_in_settlement)

        mine, others = story.order(), story.order()
        story.pay(mine, Outcome.ambiguous, psp_reference=others["psp_reference"])
        story.alone(mine, Outcome.ambiguous)
        story.alone(others, Outcome.ambiguous)

        mine, others = story.order(), story.order()
        story.pay(others, Outcome.duplicate)
        story.pay(mine, Outcome.duplicate, names=others, psp_reference=others["psp_reference"])
        story.alone(mine, Outcome.missing_in_settlement)


def shared_references(story: Story) -> None:
    """Several orders carry one provider reference: no line is given to any of them, whatever else agrees."""
    for size in (2, 2, 3, 4):
        shared, amount = story.number(12), story.amount()
        orders = [story.order(psp_reference=shared, amount=amount) for _ in range(size)]
        for order in orders[: story.chance.randint(1, size)]:
            story.pay(order, Outcome.ambiguous)
        for order in orders:
            story.alone(order, Outcome.ambiguous)
    for _ in story.some():
        order = story.order()
        story.order(psp_reference=order["psp_reference"], status=OrderStatus.EXPIRED.value, due_at=None, paid_at=None)
        story.pay(order, Outcome.ambiguous, merchant_reference=None)
        story.alone(order, Outcome.ambiguous)


def conflicting_references(story: Story) -> None:
    """In a ring of payments each carries the next order's id: every one points at two orders, and none is settled."""
    for _ in story.some():
        ring = [story.order(amount=story.amount()) for _ in range(story.chance.randint(2, 5))]
        for order, after in pairwise([*ring, ring[0]]):
            story.pay(order, Outcome.ambiguous, merchant_reference=after["order_id"])
        for order in ring:
            story.alone(order, Outcome.ambiguous)


def blank_references(story: Story) -> None:
    """A reference that is NULL, empty, blank or of no width is none, and matches no other that is."""
    for blank in BLANKS:
        order = story.order(psp_reference=blank, amount=story.amount())
        story.pay(order, Outcome.missing_in_orders, merchant_reference=story.chance.choice(BLANKS))
        story.alone(order, Outcome.missing_in_settlement)
        story.pay(story.order(psp_reference=blank), Outcome.matched)
        story.pay(story.order(), Outcome.matched, psp_reference=blank)


def zeros_and_case(story: Story) -> None:
    """Leading zeros, capitals and blanks around a reference make it another one."""
    for _ in story.some():
        bare = f"{story.number(11)}x"
        forms = (f"0{bare}", bare.upper(), f"{bare} ", f"00{bare}")
        for form in forms:
            order = story.order(psp_reference=f"{form}{story.number(6)}")
            wrong = order["psp_reference"].replace(form, bare)
            story.pay(order, Outcome.missing_in_orders, psp_reference=wrong, merchant_reference=None)
            story.alone(order, Outcome.missing_in_settlement)
        for form in (bare, *forms):
            story.pay(story.order(psp_reference=form, amount=story.amount()), Outcome.matched, merchant_reference=None)


def look_alikes(story: Story) -> None:
    """References the eye takes for the same are not the same; two such orders are each settled by their own line."""
    for plain, alike in LOOK_ALIKES:
        start = story.number(9)
        order = story.order(psp_reference=f"{start}{plain}")
        story.pay(order, Outcome.missing_in_orders, psp_reference=f"{start}{alike}", merchant_reference=None)
        story.alone(order, Outcome.missing_in_settlement)
        start, amount = story.number(9), story.amount()
        for end in (plain, alike):
            twin = story.order(psp_reference=f"{start}{end}", amount=amount)
            story.pay(twin, Outcome.matched, merchant_reference=None)


def joined_references(story: Story) -> None:
    """References that read alike when written behind one another belong to nobody else."""
    for _ in story.some():
        start, end = story.number(6), story.number(6)
        order = story.order(psp_reference=f"{start}{end}", order_id=f"{end}{start}")
        story.pay(order, Outcome.missing_in_orders, psp_reference=start, merchant_reference=end)
        story.alone(order, Outcome.missing_in_settlement)
        crossed = story.order()
        swapped = {"psp_reference": crossed["order_id"], "merchant_reference": crossed["psp_reference"]}
        story.pay(crossed, Outcome.missing_in_orders, **swapped)
        story.alone(crossed, Outcome.missing_in_settlement)
