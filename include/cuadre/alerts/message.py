"""What an incident looks like to people: a title for the pager and a few lines of plain text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cuadre.model.codes import IncidentKind
from cuadre.model.records import Incident

_CENT = Decimal("0.01")


def title_of(kind: IncidentKind, source: str, day: date) -> str:
    """One line: what, whose, which day."""
    return f"{kind.value}: {source}, {day.isoformat()}"


def body_of(what: str, incident: Incident, note: str | None) -> str:
    """Cause, counts, money, keys and run book; a line each, those that say nothing left out."""
    since = incident.opened_at.strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        f"Recovered; it was open since {since}." if what == "recovered" else incident.cause,
        f"Was: {incident.cause}" if what == "recovered" else None,
        f"Source and day: {incident.source}, {_day(incident)}",
        f"Items: {incident.count:,}" if incident.count > 1 else None,
        f"Money at risk: {incident.money}" if incident.money else None,
        f"First of them: {incident.keys}" if incident.keys else None,
        f"Seen {incident.times} times since {since}" if incident.times > 1 else None,
        f"Run book: {incident.runbook}",
        f"Incident: {incident.incident_id}",
        note,
    ]
    return "\n".join(line for line in lines if line)


def _day(incident: Incident) -> str:
    due = incident.kind is IncidentKind.key_custody
    return f"{'due on' if due else 'settlement of'} {incident.settlement_date.isoformat()}"


def money_text(money: dict[str, Decimal]) -> str | None:
    """Such as 'PEN 1,204.50, USD 3.00'; fractions of a cent are shown when there are any. None without money."""
    amounts = [f"{currency} {_amount(amount)}" for currency, amount in sorted(money.items()) if amount]
    return ", ".join(amounts) or None


def _amount(amount: Decimal) -> str:
    return f"{amount:,.2f}" if amount == amount.quantize(_CENT) else f"{amount.normalize():,f}"
