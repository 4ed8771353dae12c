"""Failures and missed deadlines become incidents: callbacks of tasks and runs, and the notifier of deadlines.

Airflow swallows what a callback raises, so each says in its log what it did.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from cuadre.airflow.connections import resolve, resolve_all
from cuadre.airflow.dates import settlement_date
from cuadre.airflow.work import source_of
from cuadre.config.settings import settings

if TYPE_CHECKING:
    from datetime import date

    from cuadre.config import Source
    from cuadre.config.secrets import Resolver
    from cuadre.model.records import Finding

log = logging.getLogger(__name__)


def report_failed_task(context: Any, source_file: str) -> None:
    """Task level: the exception is in the context, unless the worker died and the DAG processor speaks for it."""
    from cuadre.pipeline.trouble import finding_of

    source = source_of(source_file)
    finding = finding_of(context["ti"].task_id, context.get("exception"))
    _open(source, settlement_date(context, source.zone), finding, resolve)


def report_failed_check(context: Any, source_file: str) -> None:
    """Task level, of the daily look at keys: it has no settlement date, so the incident is today's."""
    from cuadre.pipeline.trouble import custody_finding

    source = source_of(source_file)
    _open(source, datetime.now(source.zone).date(), custody_finding(context.get("exception")), resolve)


def report_failed_run(context: Any, source_file: str) -> None:
    """Run level, the backstop: opens an incident only when no task of the day has."""
    from cuadre.pipeline.trouble import finding_of

    source = source_of(source_file)
    _open(source, settlement_date(context, source.zone), finding_of("run", None), resolve, only_if_quiet=True)


class DeadlineMissed(BaseNotifier):
    """Opens the incident `deadline_missed`. Runs in the triggerer, where secrets are fetched asynchronously."""

    def __init__(self, *, source_file: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source_file = source_file

    async def async_notify(self, context: Any) -> None:
        """Tell it; the context holds the run as a dict, and no task."""
        from cuadre.pipeline.trouble import deadline_finding

        source = await asyncio.to_thread(source_of, self.source_file)
        resolver = await resolve_all(source)
        run = context["dag_run"]
        told = {**context, "dag_run": SimpleNamespace(**run) if isinstance(run, dict) else run}
        finding = deadline_finding(str(context["deadline"]["deadline_time"]))
        await asyncio.to_thread(_open, source, settlement_date(told, source.zone), finding, resolver)


def _open(source: Source, day: date, finding: Finding, resolver: Resolver, *, only_if_quiet: bool = False) -> None:
    from cuadre.pipeline.alarms import alarm
    from cuadre.pipeline.workplace import workplace

    work = workplace(settings(), resolver)
    alarm(work, source, day, finding, now=datetime.now(UTC), only_if_quiet=only_if_quiet)
    log.info("Told: %s of %s, %s", finding.kind.name, source.source, day)
