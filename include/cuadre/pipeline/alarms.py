"""The end of a day, or its trouble, told to people: the last step of the line, and what callbacks call.

Deriving findings is in `alert.py` and `trouble.py`; incidents and channels are in `cuadre.alerts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TypeVar

from pydantic import SecretStr

from cuadre.alerts import Change, days_open, open_incidents
from cuadre.config.source import Source
from cuadre.marts.causes import shared_of_day
from cuadre.marts.decisions import settled
from cuadre.model.codes import IncidentKind
from cuadre.model.errors import ConfigurationError, CuadreError, WarehouseUnavailable
from cuadre.model.records import CheckReport, Finding, ReconcileReport, from_json
from cuadre.pipeline.alert import JUDGED_BY_SUCCESS, findings_of_day, raise_incidents
from cuadre.pipeline.causes import with_causes
from cuadre.pipeline.keeping import Json
from cuadre.pipeline.unpaid import AT_THE_BANK, unpaid_findings
from cuadre.pipeline.workplace import Workplace

_Row = TypeVar("_Row")


def alert_day(
    work: Workplace, source: Source, day: date, checked: Json, reconciled: Json, publication: Json, *, now: datetime
) -> Json:
    """Open, update or recover the incidents of a published day: {changes: [...]}, one for each that changed.

    Batches of all days that the bank should have paid by now are among them, each under its own day.

    Raises WarehouseUnavailable when the state of an incident could not be recorded; it has been told all the same.
    """
    report, check = from_json(ReconcileReport, reconciled["report"]), from_json(CheckReport, checked["report"])
    with work.journalled("alert", source, day, now) as note:
        findings = findings_of_day(source, check, report, _known(work, source, day, settled))
        findings = with_causes(findings, _known(work, source, day, shared_of_day))
        changes = tell(work, source, day, findings, JUDGED_BY_SUCCESS, now)
        changes += _at_the_bank(work, source, day, reconciled, now)
        note.update(changes=changes_told(changes), mart_hash=publication["mart_hash"])
        if not all(change.recorded for change in changes):
            raise WarehouseUnavailable("The state of an incident could not be recorded; it was told.")
        return {"changes": note["changes"]}


def alarm(
    work: Workplace, source: Source, day: date, finding: Finding, *, now: datetime, only_if_quiet: bool = False
) -> list[Json]:
    """Open or update the incident of a failure: the changes made, as {what, incident_id, recorded, deliveries}.

    With `only_if_quiet` nothing is done when the day has an open incident already. A warehouse that cannot be reached
    stops nobody from being told.
    """
    with work.journalled("alarm", source, day, now) as note:
        if only_if_quiet and _has_open(work, source, day):
            note["changes"] = []
        else:
            note["changes"] = changes_told(tell(work, source, day, [finding], (), now))
        return list(note["changes"])


def _at_the_bank(work: Workplace, source: Source, day: date, reconciled: Json, now: datetime) -> list[Change]:
    """The changes of incidents of batches not paid as they should be, by what the latest day says of the bank.

    A run of an earlier day says nothing, since it looks at the bank as of then.
    """
    lake, file = work.lake(source), reconciled["files"].get("bank_matches")
    if file is None or any(each > day for each in lake.days()):
        return []
    as_of = from_json(ReconcileReport, reconciled["report"]).as_of
    found = unpaid_findings(lake.local([file])[0], source, as_of)
    changes: list[Change] = []
    for each in sorted({*found, *(day for kind in AT_THE_BANK for day in days_with(work, source, kind))}):
        changes += tell(work, source, each, found.get(each, ()), AT_THE_BANK, now)
    return changes


def days_with(work: Workplace, source: Source, kind: IncidentKind) -> tuple[date, ...]:
    """The days of which an incident of `kind` is open; none while the warehouse cannot say: the next run will."""
    url = warehouse_url(work, source)
    try:
        return days_open(url, source.source, kind) if url else ()
    except CuadreError:
        return ()


def tell(
    work: Workplace,
    source: Source,
    day: date,
    findings: Sequence[Finding],
    judged: Iterable[IncidentKind],
    now: datetime,
) -> list[Change]:
    """Make the incidents of one day agree with `findings`: see `raise_incidents`, which is given what `work` has."""
    return raise_incidents(
        findings,
        source,
        day,
        url=warehouse_url(work, source),
        now=now,
        channels=_channels(work, source),
        local_file=work.alerts,
        judged=judged,
    )


def _known(
    work: Workplace, source: Source, day: date, ask: Callable[[str, str, date], tuple[_Row, ...]]
) -> tuple[_Row, ...]:
    """What the warehouse knows of the day; nothing when it cannot be asked, so that rather too much is told."""
    url = warehouse_url(work, source)
    try:
        return ask(url, source.source, day) if url else ()
    except CuadreError:
        return ()


def _has_open(work: Workplace, source: Source, day: date) -> bool:
    return any(incident.kind in JUDGED_BY_SUCCESS for incident in _known(work, source, day, open_incidents))


def warehouse_url(work: Workplace, source: Source) -> str | None:
    """The warehouse's URL; None when nobody says it, which stops nobody from being told."""
    try:
        return work.warehouse(source).get_secret_value()
    except ConfigurationError:
        return None


def _channels(work: Workplace, source: Source) -> list[SecretStr]:
    """The channels that can be read; one whose secret is missing must not silence the others."""
    found = []
    for reference in source.alerts.channels:
        try:
            found.append(work.resolver(reference))
        except ConfigurationError:
            continue
    return found


def changes_told(changes: Sequence[Change]) -> list[Json]:
    """The changes as the journal and the next task see them."""
    return [
        {
            "what": change.what.value,
            "incident_id": change.incident.incident_id,
            "recorded": change.recorded,
            "deliveries": [delivery.delivered for delivery in change.deliveries],
        }
        for change in changes
    ]
