"""Suggestions: which models look for what an open line may mean, and their bounds. They run after the outcomes are
written and read only what is open, so that they can change none.

What counts as evidence and how it adds up stands in `sql/suggestions.sql`.
"""

from __future__ import annotations

from cuadre.matching.steps import Step
from cuadre.model.literals import literal

MOST = 100_000
"""Open lines and open orders looked at, of each the youngest: a day with more has another trouble than typos."""

_FEW = 3
"""Suggestions for one line, and of one order."""

_SHORTEST, _LONGEST = 6, 64
"""Letters of a reference that may have a slip: in a shorter one, a slip makes another reference."""

_SHARED = 5
"""A reference more items carry than this tells nothing of any of them."""

_LOWER, _UPPER = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HOUR = 3_600_000_000
"""In microseconds."""


def suggestion_steps() -> tuple[Step, ...]:
    """What runs before the result `suggestions`, in order."""
    return (
        Step("suggestible_lines", parameters={"most": literal(MOST)}),
        Step("suggestible_orders", parameters={"most": literal(MOST)}),
        Step("near_references", parameters=_reference_parameters()),
        Step("amount_neighbours", parameters={"steps": _rows(range(1 - _FEW, _FEW + 1))}),
        Step("near_amounts"),
    )


def suggestion_parameters() -> dict[str, str]:
    """What the model `suggestions` asks for besides the shared parameters."""
    times = {"quarter_of_an_hour": _HOUR // 4, "hour": _HOUR, "day": 24 * _HOUR, "three_days": 72 * _HOUR}
    return {"few": literal(_FEW), **{name: literal(micros) for name, micros in times.items()}}


def _reference_parameters() -> dict[str, str]:
    names = ("psp_reference", "merchant_reference", "original_reference", "order_id")
    return {
        "places": _rows(range(1, _LONGEST + 1)),
        "shortest": literal(_SHORTEST),
        "longest": literal(_LONGEST),
        "shared": literal(_SHARED),
        # Only ASCII changes its case, since what another letter's capital is depends on the engine.
        **{f"plain_{name}": f"TRANSLATE(TRIM({name}), {literal(_LOWER)}, {literal(_UPPER)})" for name in names},
    }


def _rows(numbers: range) -> str:
    return ", ".join(f"({number})" for number in numbers)
