"""What an incident says of the cause its breaks share; which one that is, `cuadre.marts.causes` decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from cuadre.marts.causes import Shared, cause_of_breaks, cause_of_money
from cuadre.model.codes import IncidentKind
from cuadre.model.records import Finding

_LONGEST = 80


def with_causes(findings: Iterable[Finding], shared: Sequence[Shared]) -> list[Finding]:
    """The findings, those of breaks and of money with the cause in words, where they share one.

    Such as "96 % of 4,812 breaks are batch B000412 (lift 38, PEN 1,204,550.00)." A value is never a reference, an
    amount or a person's: see `CauseDimension`.
    """
    return [_with_cause(finding, shared) for finding in findings]


def _with_cause(finding: Finding, shared: Sequence[Shared]) -> Finding:
    said: list[str] = []
    if finding.kind is IncidentKind.break_ratio:
        cause = cause_of_breaks(shared)
        said += [_of_breaks(cause)] if cause else []
    elif finding.kind is IncidentKind.unreconciled_money:
        causes = ((currency, cause_of_money(shared, currency)) for currency in sorted(finding.money))
        said += [_of_money(cause, currency) for currency, cause in causes if cause]
    return replace(finding, cause=" ".join([finding.cause, *said]))


def _of_breaks(cause: Shared) -> str:
    money = ", ".join(f"{currency} {amount:,.2f}" for currency, amount in sorted(cause.at_risk.items()) if amount)
    besides = ", ".join(filter(None, (f"lift {_lift(cause)}", money)))
    return f"{_percent(cause.share)} % of {cause.of_breaks:,} breaks are {_named(cause)} ({besides})."


def _of_money(cause: Shared, currency: str) -> str:
    whole = f"{currency} {cause.of_at_risk[currency]:,.2f}"
    share = _percent(cause.share_of_money(currency))
    return f"{share} % of {whole} is {_named(cause)} ({cause.breaks:,} breaks, lift {_lift(cause)})."


def _named(cause: Shared) -> str:
    """What is shared; the provider's own words are kept short and on one line."""
    value = "".join(letter if letter.isprintable() else "?" for letter in cause.value[:_LONGEST])
    return f"{cause.dimension.replace('_', ' ')} {value}"


def _percent(share: Decimal) -> int:
    """Cut, so that 100 means all of them."""
    return int(share * 100)


def _lift(cause: Shared) -> str:
    return f"{cause.lift:.0f}" if cause.lift >= 10 else f"{cause.lift:.1f}"
