"""What a task needs before it can call a step: source, settlement date, workplace and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context

from cuadre.airflow.connections import resolve
from cuadre.airflow.dates import settlement_date
from cuadre.config import Source, load_source
from cuadre.config.settings import settings, sources_folder
from cuadre.model.errors import ConfigurationError

if TYPE_CHECKING:
    from cuadre.pipeline.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Work:
    """The arguments of a step, in the order it takes them, and the time."""

    place: Workplace
    source: Source
    day: date
    now: datetime

    @property
    def arguments(self) -> tuple[Workplace, Source, date]:
        """What every step takes first."""
        return self.place, self.source, self.day


def work_at_hand(source_file: str, context: Any = None) -> Work:
    """The work of the task now running. `source_file` is a name in the folder of source files.

    Raises ConfigurationError for a day before the source's first, such as a backfill that begins too early.
    """
    source = source_of(source_file)
    day = settlement_date(context or get_current_context(), source.zone)
    if day < source.schedule.first_day:
        raise ConfigurationError(
            f"{source.source}: {day} is before its first settlement date, {source.schedule.first_day}. Run later days "
            "only, or set schedule.first_day to an earlier date."
        )
    return Work(place_at_hand(), source, day, datetime.now(UTC))


def place_at_hand() -> Workplace:
    """The workplace of this installation, with secrets from Airflow's connections."""
    from cuadre.pipeline.workplace import workplace

    return workplace(settings(), resolve)


def source_of(source_file: str) -> Source:
    """The source in `source_file`; ConfigurationError when it cannot be read."""
    return load_source(sources_folder() / source_file)
