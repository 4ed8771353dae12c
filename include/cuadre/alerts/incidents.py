"""From findings to incidents: one for each source, settlement day and kind, whatever finds it and however often.

What does not live here: how findings come about (`cuadre.pipeline.alert`), the table (`state`) and the sending
(`channels`, `local`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from cuadre.alerts.channels import Delivery, tell
from cuadre.alerts.local import append
from cuadre.alerts.message import money_text, title_of
from cuadre.alerts.state import incidents_of, locked, save
from cuadre.config.source import Source
from cuadre.model.codes import IncidentKind, IncidentState
from cuadre.model.errors import CuadreError
from cuadre.model.records import Finding, Incident

_KEYS = 5
_UNRECORDED = "The warehouse did not take it: the incident's state is not recorded."


class What(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    UPDATED = "updated"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an incident, and whether it could be recorded and told.

    `recorded` is False when the warehouse did not take it; `deliveries` has one entry for each channel tried and one
    for the local file when that failed.
    """

    what: What
    incident: Incident
    recorded: bool
    deliveries: tuple[Delivery, ...] = ()


def settle(
    findings: Iterable[Finding],
    kinds_judged: Iterable[IncidentKind],
    *,
    source: Source,
    day: date,
    url: str | None,
    now: datetime,
    channels: Sequence[str | SecretStr] = (),
    local_file: Path,
) -> list[Change]:
    """Make the incidents of `day` agree with `findings`, and tell what changed.

    A finding opens its incident, or updates the one that is open. An open incident of a kind this run could judge
    (`kinds_judged`) and did not find recovers. Each change goes to the local file; channels are told unless an update
    brings nothing new. It is told before the commit: after a crash in between it is told again, never lost.

    Args:
        findings: Of one day; several of one kind become one.
        kinds_judged: Kinds whose absence among `findings` means that the trouble is over.
        source: Whose day it is.
        day: The settlement date; of a key, the day it is due.
        url: The warehouse; None when there is none to reach. When it fails, all is told with a note that says so.
        now: The moment of the change, aware.
        channels: Apprise URLs.
        local_file: The JSONL file every change is appended to.

    Returns:
        The changes. Never raises for a warehouse, channel or file that fails: each change says what did.
    """
    wanted = _by_kind(findings)
    teller = _Teller(channels, local_file, now)
    if url is None:
        return teller.unrecorded(wanted, source, day)
    told: list[Change] = []
    try:
        with locked(url, source.source, day) as cursor:
            held = {incident.kind: incident for incident in incidents_of(cursor, source.source, day)}
            for what, incident, news in _changes(wanted, set(kinds_judged), held, source, day, now):
                save(cursor, incident)
                told.append(teller.change(what, incident, news=news))
    except CuadreError:
        if told:  # already told; only the state is lost
            return [teller.lost(change) for change in told]
        return teller.unrecorded(wanted, source, day)
    return told


def incident_id(source: str, day: date, kind: IncidentKind) -> str:
    """The id that the same trouble of the same day keeps."""
    return f"{source}/{day.isoformat()}/{kind.name}"


def _changes(
    wanted: dict[IncidentKind, Finding],
    judged: set[IncidentKind],
    held: dict[IncidentKind, Incident],
    source: Source,
    day: date,
    now: datetime,
) -> Iterable[tuple[What, Incident, bool]]:
    for kind, finding in wanted.items():
        before = held.get(kind)
        fresh = _incident(finding, source, day, now)
        if before is None:
            yield What.OPENED, fresh, True
            continue
        after = dataclasses.replace(fresh, opened_at=before.opened_at, times=before.times + 1)
        if before.state is IncidentState.RECOVERED:
            yield What.OPENED, after, True
        else:
            yield What.UPDATED, after, _content(after) != _content(before)
    for kind, before in held.items():
        if kind in judged and kind not in wanted and before.state is IncidentState.OPEN:
            over = dataclasses.replace(before, state=IncidentState.RECOVERED, updated_at=now, recovered_at=now)
            yield What.RECOVERED, over, True


@dataclass(frozen=True, slots=True)
class _Teller:
    channels: Sequence[str | SecretStr]
    local_file: Path
    now: datetime

    def change(self, what: What, incident: Incident, *, news: bool, note: str | None = None) -> Change:
        """Tell the channels, when there is news, and the local file always."""
        deliveries = tell(self.channels, what.value, incident, note) if news else ()
        written = append(self.local_file, what.value, incident, deliveries, self.now, note)
        return Change(what, incident, note is None, deliveries if written.delivered else (*deliveries, written))

    def unrecorded(self, wanted: dict[IncidentKind, Finding], source: Source, day: date) -> list[Change]:
        """Tell findings as they are, since nobody knows what was open before."""
        incidents = [_incident(finding, source, day, self.now) for finding in wanted.values()]
        return [self.change(What.OPENED, incident, news=True, note=_UNRECORDED) for incident in incidents]

    def lost(self, change: Change) -> Change:
        """Note in the local file that a change that was told has no state."""
        append(self.local_file, change.what.value, change.incident, change.deliveries, self.now, _UNRECORDED)
        return dataclasses.replace(change, recorded=False)


def _by_kind(findings: Iterable[Finding]) -> dict[IncidentKind, Finding]:
    merged: dict[IncidentKind, Finding] = {}
    for finding in findings:
        merged[finding.kind] = _merged(merged[finding.kind], finding) if finding.kind in merged else finding
    return merged


def _merged(one: Finding, other: Finding) -> Finding:
    money = dict(one.money)
    for currency, amount in other.money.items():
        money[currency] = money.get(currency, type(amount)(0)) + amount
    cause = one.cause if other.cause in one.cause else f"{one.cause} {other.cause}"
    return Finding(one.kind, cause, one.count + other.count, money, one.keys + other.keys)


def _incident(finding: Finding, source: Source, day: date, now: datetime) -> Incident:
    return Incident(
        incident_id=incident_id(source.source, day, finding.kind),
        source=source.source,
        settlement_date=day,
        kind=finding.kind,
        state=IncidentState.OPEN,
        title=title_of(finding.kind, source.source, day),
        cause=finding.cause,
        count=finding.count,
        money=money_text(finding.money),
        keys=", ".join(finding.keys[:_KEYS]) or None,
        runbook=f"{source.alerts.runbooks.rstrip('/')}/{finding.kind.page}",
        opened_at=now,
        updated_at=now,
        recovered_at=None,
        times=1,
    )


def _content(incident: Incident) -> tuple[object, ...]:
    return incident.cause, incident.count, incident.money, incident.keys
