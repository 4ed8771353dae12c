"""Wait for the archives of a day without holding a worker: an operator that looks, and a trigger that keeps looking.

The trigger only says "look again"; what it saw decides nothing. It carries no state and no secret, so a restarted
triggerer takes it up where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger, TriggerEvent

from cuadre.airflow.connections import resolve_all
from cuadre.airflow.work import source_of, work_at_hand
from cuadre.config import Source
from cuadre.model.errors import Terminal, Transient

GRACE = timedelta(hours=1)
"""How long after the cut-off a trigger that never fired is given up."""


class WaitForArchives(BaseOperator):
    """Succeeds when all archives of the settlement date are there, or are in the store already.

    At the cut-off it fails for good with ArchiveMissing or ArchiveIncomplete. Until then it is deferred.
    """

    def __init__(self, *, source_file: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source_file = source_file

    def execute(self, context: Any) -> None:
        """Look once; defer when it is worth waiting."""
        from cuadre.pipeline.line import await_archives

        work = work_at_hand(self.source_file, context)
        if await_archives(*work.arguments, now=work.now):
            return
        remaining = work.source.cut_off(work.day) - work.now
        self.defer(
            trigger=ArchiveTrigger(self.source_file, work.day.isoformat()),
            method_name="look_again",
            timeout=remaining + GRACE,
        )

    def look_again(self, context: Any, event: Any) -> None:
        """The trigger fired: something has changed, or the cut-off is there."""
        self.log.info("The trigger says: %s", event)
        self.execute(context)


class ArchiveTrigger(BaseTrigger):
    """Fires once: when the day is complete, when looking cannot help any more, or at the cut-off."""

    def __init__(self, source_file: str, day: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in Airflow
        self.source_file = source_file
        self.day = day

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class and arguments."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"source_file": self.source_file, "day": self.day}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look every `schedule.poll` until there is something to say."""
        source = source_of(self.source_file)
        day = date.fromisoformat(self.day)
        while datetime.now(UTC) < source.cut_off(day):
            if news := await self._look(source, day):
                yield TriggerEvent(news)  # type: ignore[no-untyped-call]  # untyped in Airflow
                return
            left = source.cut_off(day) - datetime.now(UTC)
            await asyncio.sleep(max(0.0, min(source.schedule.poll, left).total_seconds()))
        yield TriggerEvent("the cut-off is there")  # type: ignore[no-untyped-call]  # untyped in Airflow

    async def _look(self, source: Source, day: date) -> str | None:
        from cuadre.pipeline.fetch import look

        try:
            offer = await asyncio.to_thread(look, source, day, await resolve_all(source))
        except Transient as error:
            self.log.warning("Could not look, will look again: %s", error)
            return None
        except Terminal as error:
            return f"looking again cannot help: {type(error).__name__}"
        self.log.info("%s: %s", self.day, offer.lacking or "complete")
        return "the day is complete" if offer.complete else None
