"""Scenarios: days on which things go wrong in one way, with the answer key written while they are made.

`SCENARIOS` is the registry; the docstring of each is its sentence in `docs/accuracy.md`.
"""

from __future__ import annotations

from collections.abc import Callable

from cuadre.sandbox.scenarios import allowances, claims, exchanges, moments, money, references, returns
from cuadre.sandbox.scenarios.story import Story

SCENARIOS: tuple[Callable[[Story], None], ...] = (
    references.typos,
    references.typos_that_hit_others,
    references.shared_references,
    references.conflicting_references,
    references.blank_references,
    references.zeros_and_case,
    references.look_alikes,
    references.joined_references,
    claims.equal_amounts,
    claims.split_payments,
    claims.merged_payments,
    claims.payouts,
    claims.duplicates,
    claims.file_sent_again,
    claims.unresolvable,
    money.tolerance,
    money.negative_payments,
    money.currency_swaps,
    money.extreme_amounts,
    money.fees_and_taxes,
    money.fee_plan_changes,
    money.several_wrongs,
    money.states,
    exchanges.exchanged_payments,
    exchanges.unbelieved_rates,
    returns.refunds_first,
    returns.partial_refunds,
    returns.refunds_above_the_payment,
    returns.refunds_by_unlearned_references,
    returns.refunds_of_unknown_orders,
    returns.full_refunds_of_paid_orders,
    returns.reversed_chargebacks,
    returns.returns_of_nobody,
    returns.refunds_without_a_payment,
    moments.late_payments,
    moments.late_orders,
    moments.due_moments,
    moments.restatements,
    moments.corrected_orders,
    allowances.percent_allowed,
    allowances.parts_allowed,
    allowances.sums_allowed,
    allowances.choices_allowed,
    allowances.weekends,
)
"""Every scenario, in the order of the page."""
