"""The step `alert`: what the records of a run say is wrong with a day, and the incidents that come of it.

The functions that derive findings are pure. What a failed task means is in `cuadre.pipeline.trouble`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr

from cuadre.alerts import Change, settle
from cuadre.config.source import Source
from cuadre.model.codes import BREAKS, NEUTRAL, CheckSeverity, IncidentKind
from cuadre.model.records import CheckReport, CheckResult, Finding, OutcomeTotal, ReconcileReport

_OF_LATER_DAYS = (IncidentKind.batch_unpaid, IncidentKind.batch_differs, IncidentKind.key_custody)
"""Judged by whoever looks last, not by the run of the day the incident stands under."""

JUDGED_BY_SUCCESS = tuple(kind for kind in IncidentKind if kind not in _OF_LATER_DAYS)
"""A run that reached its end could judge everything else about its day: what it did not find is over."""

_BREAKS = {outcome.name for outcome in BREAKS}
_NEUTRAL = {outcome.name for outcome in NEUTRAL}


def raise_incidents(
    findings: Iterable[Finding],
    source: Source,
    day: date,
    *,
    url: str | None,
    now: datetime,
    channels: Sequence[str | SecretStr],
    local_file: Path,
    judged: Iterable[IncidentKind] = (),
) -> list[Change]:
    """Open and update the incidents of `findings`; recover those of the kinds `judged` that were not found.

    Give `JUDGED_BY_SUCCESS` at the end of a successful run, nothing when a single task failed. See
    `cuadre.alerts.settle`: this never raises for a warehouse or channel that fails.
    """
    return settle(findings, judged, source=source, day=day, url=url, now=now, channels=channels, local_file=local_file)


def findings_of_day(
    source: Source, check: CheckReport | None, report: ReconcileReport | None, settled: Sequence[OutcomeTotal] = ()
) -> list[Finding]:
    """All that a finished day has to tell: failed expectations, too many breaks, too much unreconciled money.

    Breaks that people have `settled` count no more: they are left out of the day's.
    """
    found = check_findings(check) if check else []
    return found + (break_findings(_without(report, settled), source) if report else [])


def check_findings(check: CheckReport) -> list[Finding]:
    """A closed gate, and expectations that failed as warnings."""
    by_severity = {
        IncidentKind.gate_closed: [each for each in check.failed if each.severity is CheckSeverity.CRITICAL],
        IncidentKind.check_warning: [each for each in check.failed if each.severity is CheckSeverity.WARNING],
    }
    return [_check_finding(kind, failed) for kind, failed in by_severity.items() if failed]


def break_findings(report: ReconcileReport, source: Source) -> list[Finding]:
    """Too many new breaks, and too much unreconciled money, old and new, by the source's thresholds."""
    ratio = _break_ratio(report.outcomes, source.thresholds.break_percent)
    money = _unreconciled(report.outcomes, source.thresholds.unreconciled)
    return [finding for finding in (ratio, money) if finding]


def _check_finding(kind: IncidentKind, failed: list[CheckResult]) -> Finding:
    cause = " ".join(f"{each.check_name}: {each.unexpected:,} of {each.rows:,} rows. {each.doc}" for each in failed)
    keys = tuple(key for each in failed for key in each.keys) or tuple(each.check_name for each in failed)
    return Finding(kind, cause, sum(each.unexpected for each in failed), keys=keys)


def _break_ratio(totals: tuple[OutcomeTotal, ...], threshold: Decimal) -> Finding | None:
    """Judges what the day brought: a break of an earlier day was told then, and must not keep every day's incident."""
    new = tuple(_without_carried(total) for total in totals)
    breaks = sum(total.count for total in new if total.outcome in _BREAKS)
    matchable = sum(total.count for total in new if total.outcome not in _NEUTRAL)
    if breaks * 100 <= matchable * threshold:
        return None
    percent = Decimal(breaks * 100) / matchable
    cause = f"{breaks:,} of {matchable:,} new items are breaks: {percent:.2f} %, above {threshold.normalize():f} %."
    return Finding(IncidentKind.break_ratio, cause, breaks, _at_risk(new), _largest(new))


def _unreconciled(totals: tuple[OutcomeTotal, ...], thresholds: dict[str, Decimal]) -> Finding | None:
    risk = _at_risk(totals)
    over = {currency: amount for currency, amount in risk.items() if amount > thresholds.get(currency, amount)}
    if not over:
        return None
    said = ", ".join(f"{c} {over[c]:,.2f} (threshold {thresholds[c]:,.2f})" for c in sorted(over))
    count = sum(total.count for total in totals if total.outcome in _BREAKS and total.currency in over)
    cause = f"More money is unreconciled than the source's thresholds allow: {said}."
    return Finding(IncidentKind.unreconciled_money, cause, count, over, _largest(totals))


def _without(report: ReconcileReport, settled: Sequence[OutcomeTotal]) -> ReconcileReport:
    less = {(total.outcome, total.currency): total for total in settled}
    left = []
    for total in report.outcomes:
        gone = less.get((total.outcome, total.currency))
        measures = ("count", "money", "at_risk", "carried", "carried_at_risk") if gone else ()
        left.append(replace(total, **{name: getattr(total, name) - getattr(gone, name) for name in measures}))
    return replace(report, outcomes=tuple(left))


def _without_carried(total: OutcomeTotal) -> OutcomeTotal:
    return replace(total, count=total.count - total.carried, at_risk=total.at_risk - total.carried_at_risk)


def _at_risk(totals: tuple[OutcomeTotal, ...]) -> dict[str, Decimal]:
    risk: dict[str, Decimal] = {}
    for total in totals:
        risk[total.currency] = risk.get(total.currency, Decimal(0)) + total.at_risk
    return {currency: amount for currency, amount in risk.items() if amount}


def _largest(totals: tuple[OutcomeTotal, ...]) -> tuple[str, ...]:
    """The kinds of break with their counts, most frequent first."""
    counts: dict[str, int] = {}
    for total in totals:
        if total.outcome in _BREAKS and total.count:
            counts[total.outcome] = counts.get(total.outcome, 0) + total.count
    return tuple(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
