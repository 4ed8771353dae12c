"""Key custody: one Airflow dag, one task for each source file, one run a day.

**Purpose.** Tell people about keys before keys stop the money: 45, 14 and 3 days before a provider's signing key or a
decryption key of ours ends or is due for rotation, and at once when one is missing, or revoked and not yet retired.

**When it runs.** Daily at noon, UTC. It looks at the source's key ring and at `trust.keys` in the source file; it needs
no archive and waits for none.

**Parameters.** None.

**What a retry or a clear does.** A task may be run again at any time: it looks at the keys as they are now. The
incident `key_custody` opens once, is told again when its stage changes, and recovers with the first check that finds
the successor in place. A source whose check fails does not keep the others from being checked.

**Never by hand.** Do not mark a check as successful, and do not silence it by a longer `trust.rotation`: rotate.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from cuadre.airflow.alarms import report_failed_check
from cuadre.airflow.retries import RETRIES
from cuadre.airflow.work import place_at_hand, source_of
from cuadre.config.loading import readable_sources
from cuadre.config.settings import sources_folder

Json = dict[str, Any]


@task(multiple_outputs=False, pool="cuadre_warehouse", execution_timeout=timedelta(minutes=15))
def check(source_file: str) -> Json:
    """Hold the source's key ring against its key lines, and open, update or recover incidents."""
    from cuadre.pipeline.custody import check_custody

    return check_custody(place_at_hand(), source_of(source_file), now=datetime.now(UTC))


@dag(
    description="Keys that end, are due for rotation, missing or revoked",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 12 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["cuadre", "custody"],
    default_args=RETRIES,
)
def key_custody() -> None:
    """Make the dag of all sources that can be read; what is wrong with the others is told by `source_files.py`."""
    for source_file, source in readable_sources(sources_folder())[0].items():
        check.override(
            task_id=source.source,
            owner=source.owner,
            on_failure_callback=partial(report_failed_check, source_file=source_file),
        )(source_file)


key_custody()
