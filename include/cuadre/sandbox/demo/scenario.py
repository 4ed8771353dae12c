"""The three days of the demo: what the provider publishes, how each day is started, and what must come of it.

Day 1 is clean and back-filled; day 2 has every kind of break and is started by hand; day 3 is tampered with, started by
the scheduler itself, refused, delivered again and run again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import psycopg
from croniter import croniter

from cuadre.config import Source
from cuadre.model.codes import IncidentKind, IncidentState, Outcome, RejectionReason, Verdict
from cuadre.model.errors import ConfigurationError
from cuadre.sandbox.archive import SandboxDay, make_archive
from cuadre.sandbox.demo.house import House
from cuadre.sandbox.demo.rest import RUN_ENDED, Rest
from cuadre.sandbox.shop import stock_shop

FAULT = "tampered"
BREAK_SHARE = 0.05
RUN_PATIENCE = timedelta(minutes=8)
LOOK_EVERY = 2.0
"""Seconds. Each look costs Airflow a tenth of one, which the tasks looked at then lack."""
WORTH_SAYING = ("running", "deferred", "up_for_retry", "failed")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Days:
    """The days as the sandbox made them. `bad` is the first, refused delivery of the third."""

    first: SandboxDay
    second: SandboxDay
    third: SandboxDay
    bad: SandboxDay

    @property
    def dates(self) -> tuple[date, date, date]:
        """The settlement dates, in order."""
        return self.first.day, self.second.day, self.third.day


def make_days(house: House, source: Source, *, now: datetime, lines: int, seed: int, say: Say) -> Days:
    """Let the provider make three days up to the latest the scheduler would run by itself at `now`."""
    last = latest_day(source, now)
    keys = house.base / "keys"

    def make(
        days_back: int,
        name: str,
        *,
        after: SandboxDay | None = None,
        breaks: float = 0.0,
        faults: tuple[str, ...] = (),
    ) -> SandboxDay:
        return make_archive(
            source,
            last - timedelta(days=days_back),
            lines=lines,
            seed=seed,
            out=house.days / name,
            breaks=breaks,
            faults=faults,
            keys=keys,
            previous=after.orders.parent if after else None,
        )

    say(f"The provider publishes {last - timedelta(days=2)} to {last}, {lines:,} lines a day")
    first = make(2, "1")
    second = make(1, "2", after=first, breaks=BREAK_SHARE)
    third = make(0, "3", after=second)
    bad = make(0, "3-tampered", after=second, faults=(FAULT,))
    days = Days(first, second, third, bad)
    for made in (first, second, bad):
        deliver(house, made)
    return days


def latest_day(source: Source, now: datetime) -> date:
    """The settlement date of the run that the source's schedule started last before `now`."""
    tick: datetime = croniter(source.schedule.cron, now.astimezone(source.zone)).get_prev(datetime)
    return tick.date() - timedelta(days=1)


def deliver(house: House, made: SandboxDay) -> None:
    """Put a day's archives into the provider's outbox, as an upload does: under another name first."""
    for archive in made.archives:
        arriving = house.outbox / f".{archive.name}.part"
        shutil.copyfile(archive, arriving)
        arriving.replace(house.outbox / archive.name)


@dataclass(slots=True)
class Story:
    """Runs the days on a live Airflow and writes down what did not come out as planted."""

    house: House
    source: Source
    days: Days
    rest: Rest
    warehouse: str
    say: Say
    wrong: list[str]

    @property
    def dag(self) -> str:
        """The DAG of the source."""
        return f"settlement__{self.source.source}"

    def tell(self) -> None:
        """All three days, in order."""
        first, second, third = self.days.dates
        self._wait_for_dag()
        self.rest.unpause(self.dag)
        self._stock(self.days.first)
        self.say(f"{first}: back-filled")
        self.rest.backfill(self.dag, first.isoformat())
        self._expect(first, "success")
        self._stock(self.days.second)
        self.say(f"{second}: started by hand")
        self.rest.trigger(self.dag, second.isoformat())
        self._expect(second, "success")
        self._planted_second(second)
        self.say(f"{third}: started by the scheduler, with an archive that was tampered with")
        self._expect(third, "failed")
        self._refused(third)
        self.say(f"{third}: the provider delivers it again; the run is cleared")
        self._stock(self.days.third)
        deliver(self.house, self.days.third)
        self.rest.clear(self.dag, self._run_of(third))
        self._expect(third, "success", leaving="failed")
        self._recovered(third)

    def _stock(self, made: SandboxDay) -> None:
        stock_shop(self.warehouse, self.source, orders=made.orders, bank_credits=made.bank_credits)

    def _wait_for_dag(self) -> None:
        end = time.monotonic() + 120
        while not self.rest.dag_is_known(self.dag):
            if errors := self.rest.import_errors():
                raise ConfigurationError(f"The DAG cannot be read: {errors[0].strip().splitlines()[-1]}")
            if time.monotonic() > end:
                raise ConfigurationError(f"Airflow does not know {self.dag} after 120 s; see {self.house.logs}.")
            time.sleep(1)

    def _expect(self, day: date, state: str, leaving: str = "") -> None:
        reached = self._wait(day, leaving)
        if reached != state:
            self.wrong.append(f"{day}: the run should have ended as {state} and is {reached}")

    def _wait(self, day: date, leaving: str) -> str:
        """The state the run of `day` ends in; a run in state `leaving` is only just being cleared."""
        end = time.monotonic() + RUN_PATIENCE.total_seconds()
        left, shown = not leaving, ""
        while time.monotonic() < end:
            run = next((r for r in self.rest.runs(self.dag) if r["partition_key"] == day.isoformat()), None)
            state = str(run["state"]) if run else "not there yet"
            left = left or state != leaving
            if run and left and state in RUN_ENDED:
                return state
            if run and (now := self._stage(run["dag_run_id"])) != shown:
                shown = now
                self.say(f"{day}: {shown}")
            time.sleep(LOOK_EVERY)
        return f"still {state} after {RUN_PATIENCE}"

    def _stage(self, run: str) -> str:
        busy = sorted(f"{task['task_id']} {task['state']}" for task in self.rest.tasks(self.dag, run, WORTH_SAYING))
        return ", ".join(busy) or "waiting for a worker"

    def _run_of(self, day: date) -> str:
        return str(next(r for r in self.rest.runs(self.dag) if r["partition_key"] == day.isoformat())["dag_run_id"])

    def _planted_second(self, day: date) -> None:
        found = {row[0] for row in self._rows("SELECT DISTINCT outcome FROM recon.recon_line", day)}
        if missing := sorted(outcome.name for outcome in Outcome if outcome.name not in found):
            self.wrong.append(f"{day}: no row came out as {', '.join(missing)}")
        self._incident(day, IncidentKind.break_ratio, IncidentState.OPEN)

    def _refused(self, day: date) -> None:
        verdicts = self._rows("SELECT verdict, reason FROM recon.archive_admission", day)
        if verdicts != [(Verdict.REJECTED.value, RejectionReason.TAMPERED.name)]:
            self.wrong.append(f"{day}: admission says {verdicts}")
        if published := self._rows("SELECT count(*) FROM recon.recon_line", day)[0][0]:
            self.wrong.append(f"{day}: {published} rows of a refused archive were published")
        self._incident(day, IncidentKind.archive_rejected, IncidentState.OPEN)

    def _recovered(self, day: date) -> None:
        if not self._rows("SELECT 1 FROM recon.archive_admission WHERE verdict = 'admitted'", day):
            self.wrong.append(f"{day}: the good delivery was not admitted")
        self._incident(day, IncidentKind.archive_rejected, IncidentState.RECOVERED)

    def _incident(self, day: date, kind: IncidentKind, state: IncidentState) -> None:
        states = {str(found): stands for found, stands in self._rows("SELECT kind, state FROM recon.incident", day)}
        if states.get(kind.name) != state.value:
            self.wrong.append(f"{day}: incident {kind.name} should be {state.value} and is {states.get(kind.name)}")

    def _rows(self, select: str, day: date) -> list[tuple[object, ...]]:
        where = "AND" if "WHERE" in select else "WHERE"
        query = f"{select} {where} source = %s AND settlement_date = %s"
        with psycopg.connect(self.warehouse) as connection:
            return connection.execute(query.encode(), (self.source.source, day)).fetchall()


def answers_of(days: Days) -> dict[date, Path]:
    """The answer key of each day."""
    return {made.day: made.answers for made in (days.first, days.second, days.third)}
