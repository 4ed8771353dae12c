"""The daily look at a source's keys, and the incidents that come of it: one for each day on which something is due.

What is to be done about a key is judged in `cuadre.trust.custody`.
"""

from __future__ import annotations

from datetime import date, datetime

from cuadre.config.source import Source
from cuadre.model.codes import IncidentKind
from cuadre.model.errors import WarehouseUnavailable
from cuadre.model.records import Finding
from cuadre.pipeline.alarms import changes_told, days_with, tell
from cuadre.pipeline.keeping import Json
from cuadre.pipeline.workplace import Workplace
from cuadre.trust import KeyWarning, Severity, check_keys


def check_custody(work: Workplace, source: Source, *, now: datetime) -> Json:
    """Open, update or recover the incidents about the keys of `source`: {due: number, changes: [...]}.

    Each stays open, under the day it is due on, until a check finds it settled.

    Raises:
        ConfigurationError: The key ring cannot be read.
        WarehouseUnavailable: The state of an incident could not be recorded; it has been told all the same.
    """
    with work.journalled("custody", source, now.astimezone(source.zone).date(), now) as note:
        due = [each for each in check_keys(work.keyring(source), source.trust, now) if each.severity != Severity.INFO]
        by_day: dict[date, list[Finding]] = {day: [] for day in days_with(work, source, IncidentKind.key_custody)}
        for warning in due:
            by_day.setdefault(warning.due, []).append(_finding(warning))
        judged = (IncidentKind.key_custody,)
        changes = [each for day in sorted(by_day) for each in tell(work, source, day, by_day[day], judged, now)]
        note.update(due=len(due), changes=changes_told(changes))
        if not all(change.recorded for change in changes):
            raise WarehouseUnavailable("The state of an incident could not be recorded; it was told.")
        return dict(note)


def _finding(warning: KeyWarning) -> Finding:
    """Nothing of it counts days, so that a pager hears of it when the stage changes and not every day."""
    cause = f"{warning.severity.capitalize()}: {warning.sentence}"
    return Finding(IncidentKind.key_custody, cause, keys=(warning.fingerprint,) if warning.fingerprint else ())
