"""What a failed step means for people: which incident it is, said in words and without personal data."""

from __future__ import annotations

from cuadre.model.codes import IncidentKind
from cuadre.model.errors import (
    ArchiveIncomplete,
    ArchiveMissing,
    ArchiveRejected,
    CuadreError,
    GateClosed,
)
from cuadre.model.records import Finding

_KINDS: tuple[tuple[type[CuadreError], IncidentKind], ...] = (
    (ArchiveRejected, IncidentKind.archive_rejected),
    (ArchiveMissing, IncidentKind.archive_missing),
    (ArchiveIncomplete, IncidentKind.archive_missing),
    (GateClosed, IncidentKind.gate_closed),
)


def finding_of(step: str, error: BaseException | str | None) -> Finding:
    """The finding for a step that failed for good; `error` is None when its worker died without a word."""
    kind = next((kind for family, kind in _KINDS if isinstance(error, family)), IncidentKind.task_failed)
    if isinstance(error, ArchiveRejected):
        return Finding(kind, str(error), keys=(error.reason.name,))
    return Finding(kind, _cause(step, error), keys=(step,))


def custody_finding(error: BaseException | str | None) -> Finding:
    """The finding for keys that could not be looked at, which is over with the next look."""
    return Finding(IncidentKind.key_custody, f"The keys could not be checked. {_cause('check', error)}")


def deadline_finding(deadline: str) -> Finding:
    """The finding for a run that was not successful by its deadline; it may be running, waiting or failed."""
    return Finding(
        IncidentKind.deadline_missed,
        f"Not successful by {deadline}: the run is still going, or has failed. See the run's state first.",
    )


def _cause(step: str, error: BaseException | str | None) -> str:
    if isinstance(error, CuadreError):
        return str(error)
    if isinstance(error, BaseException):
        return f"The step {step} failed with {type(error).__name__}; its log says more."
    return f"The step {step} ended without a word: its worker died, or it was stopped."
