"""The moment a run's deadline counts from.

Airflow's own `DAGRUN_QUEUED_AT` cannot be used in 3.3.2: while a run has such a deadline, clearing it fails (the
interval is stored as JSON and read as a number). Clearing is how a day is run again, so the deadline counts from the
run's making, and a run that is cleared keeps the deadline it had.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk.definitions.deadline import BaseDeadlineReference


class RunMade(BaseDeadlineReference):
    """When the run was made; the plugin makes it known to the scheduler."""

    def _evaluate_with(self, *, session: Any, **_: Any) -> datetime:
        """Called once, as the run is made, so that the time is now."""
        del session
        return datetime.now(UTC)
