"""Settlement days: one Airflow dag for each source file, one run for each settlement date.

**Purpose.** Fetch a provider's settlement archives of one day, believe only what is proven to be the provider's, make
it agree with the merchant's orders, publish the marts in one transaction, and say what is wrong.

**When it runs.** At the source's `schedule.cron`, local time, for the day before: the run list shows the settlement
date as partition key. If the archives are not there, the task `wait` gives its slot back and looks again every
`schedule.poll` until `schedule.cut_off`.

**Parameters.** `settlement_date` (YYYY-MM-DD) for a run by hand. For many days, backfill: the partition keys are the
settlement dates; give the end as `--to-date <last day>T23:59:59`, or the last day is left out. A day before the
source's `schedule.first_day` is refused by its first task.

**What a retry or a clear does.** Every task may be run again at any time, after any crash: it takes the same
inputs, replaces what it left, and gives the same result. Clear `wait` and all after it when the provider has sent a
corrected file: the new archive supersedes the old one, nothing is counted twice.

**Days out of order.** A day takes over open items and used-up orders from the days before it. When one of them comes
late, or is run again and comes out otherwise, the later days it concerns are run again by themselves, one after the
other: `run_later_day` starts a run for the next of them, and that run for the one after it.

**Never by hand.** Do not mark `admit`, `check` or `reconcile` as successful: what they should have left is missing, and
`publish` fails. Do not delete or edit anything under the store's `raw/`, the journal, or rows of schema `recon`.
"""

from __future__ import annotations

from datetime import time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import (  # type: ignore[attr-defined]  # its stub leaves AsyncCallback and DeadlineAlert out
    AsyncCallback,
    CronPartitionTimetable,
    DeadlineAlert,
    Param,
    dag,
    get_current_context,
    task,
)

from cuadre.airflow.alarms import DeadlineMissed, report_failed_run, report_failed_task
from cuadre.airflow.assets import announce, published_asset
from cuadre.airflow.deadlines import RunMade
from cuadre.airflow.retries import RETRIES
from cuadre.airflow.waiting import WaitForArchives
from cuadre.airflow.work import work_at_hand
from cuadre.config.loading import readable_sources
from cuadre.config.settings import sources_folder

if TYPE_CHECKING:
    from cuadre.config import Source

Json = dict[str, Any]

DATE = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Settlement date",
    description="The provider's business day, YYYY-MM-DD. Leave it empty when the run has a partition key.",
)


@task(multiple_outputs=False, pool="cuadre_transport", execution_timeout=timedelta(hours=1))
def fetch(source_file: str) -> list[Json]:
    """Copy the day's archives, untouched, into the store. Fetching the same bytes again changes nothing."""
    from cuadre.pipeline.line import fetch_day

    work = work_at_hand(source_file)
    return fetch_day(*work.arguments, now=work.now)


@task(
    multiple_outputs=False,
    pool="cuadre_compute",
    execution_timeout=timedelta(hours=2),
    map_index_template="{{ archive_name | default('archive') }}",
    doc_md="Prove who signed one archive, then decrypt, type and keep its lines. A refusal is final: see its run book.",
)
def admit(source_file: str, archive: Json) -> Json:
    """Admit one archive; a mapped task takes its documentation from `doc_md` only."""
    from cuadre.pipeline.line import admit_archive

    context: Any = get_current_context()
    context["archive_name"] = archive["name"]
    work = work_at_hand(source_file)
    return admit_archive(*work.arguments, archive, now=work.now)


@task(multiple_outputs=False, pool="cuadre_compute", execution_timeout=timedelta(hours=1))
def check(source_file: str, admissions: list[Json]) -> Json:
    """Run the expectations over the day's lines. A critical one that fails ends the run before anything is matched."""
    from cuadre.pipeline.line import check_day

    work = work_at_hand(source_file)
    return check_day(*work.arguments, list(admissions), now=work.now)


@task(multiple_outputs=False, pool="cuadre_compute", execution_timeout=timedelta(hours=2), max_active_tis_per_dag=1)
def reconcile(source_file: str, admissions: list[Json]) -> Json:
    """Match lines, orders, open items and bank credits. Breaks are results, not failures."""
    from cuadre.pipeline.line import reconcile_day

    work = work_at_hand(source_file)
    return reconcile_day(*work.arguments, list(admissions), now=work.now)


@task(multiple_outputs=False, pool="cuadre_warehouse", execution_timeout=timedelta(hours=1), max_active_tis_per_dag=1)
def publish(source_file: str, admissions: list[Json], checked: Json, reconciled: Json, **context: Any) -> Json:
    """Put the day into the marts in one transaction and read the control sums back before committing."""
    from cuadre.pipeline.line import publish_day

    work = work_at_hand(source_file)
    publication = publish_day(*work.arguments, list(admissions), checked, reconciled, now=work.now)
    announce(context, work.source.source, work.day, reconciled["report"], publication)
    return publication


@task(multiple_outputs=False, pool="cuadre_warehouse", execution_timeout=timedelta(minutes=15))
def alert(source_file: str, checked: Json, reconciled: Json, publication: Json) -> Json:
    """Open, update or recover the day's incidents: warnings, too many breaks, too much unreconciled money."""
    from cuadre.pipeline.alarms import alert_day

    work = work_at_hand(source_file)
    return alert_day(*work.arguments, checked, reconciled, publication, now=work.now)


@task(multiple_outputs=False, pool="cuadre_compute", execution_timeout=timedelta(minutes=15))
def outdated(source_file: str) -> list[Json]:
    """Name the next later day that took over something else from this one than it would now; most often none."""
    from cuadre.pipeline.line import outdated_day

    work = work_at_hand(source_file)
    later = outdated_day(*work.arguments)
    return [{"settlement_date": later.isoformat()}] if later else []


def settlement(source: Source, source_file: str) -> None:
    """Make the dag of one source."""

    @dag(
        dag_id=f"settlement__{source.source}",
        description=source.description,
        doc_md=__doc__,
        schedule=CronPartitionTimetable(
            source.schedule.cron, timezone=source.timezone, run_offset=-1, key_format="%Y-%m-%d"
        ),
        start_date=source.local(source.schedule.first_day, time.min),
        catchup=False,
        max_active_runs=8,  # a day that waits for its archive must not keep another from being run again
        params={"settlement_date": DATE},
        tags=["cuadre", "settlement", source.profile],
        default_args={
            **RETRIES,
            "owner": source.owner,
            "on_failure_callback": partial(report_failed_task, source_file=source_file),
        },
        on_failure_callback=partial(report_failed_run, source_file=source_file),
        deadline=[
            DeadlineAlert(
                reference=RunMade(),
                interval=source.schedule.deadline,
                callback=AsyncCallback(DeadlineMissed, kwargs={"source_file": source_file}),
                name="not successful by the deadline",
            )
        ],
    )
    def line() -> None:
        wait = WaitForArchives(
            task_id="wait",
            source_file=source_file,
            pool="cuadre_transport",
            execution_timeout=timedelta(minutes=15),
            doc_md="Wait for the day's archives, without a worker slot, until the cut-off.",
        )
        archives: Any = fetch(source_file)  # Any: what stands for a task's result is no result yet
        admissions: Any = admit.partial(source_file=source_file).expand(archive=archives)
        checked: Any = check(source_file, admissions)
        reconciled: Any = reconcile(source_file, admissions)
        outlet = publish.override(outlets=[published_asset(source.source)])
        publication: Any = outlet(source_file, admissions, checked, reconciled)
        alert(source_file, checked, reconciled, publication)
        later = outdated(source_file)
        TriggerDagRunOperator.partial(
            task_id="run_later_day",
            trigger_dag_id=f"settlement__{source.source}",
            openlineage_inject_parent_info=False,
            pool="cuadre_compute",
            execution_timeout=timedelta(minutes=5),
            doc_md="Start a run for that day, if there is one.",
        ).expand(conf=later)
        wait >> archives
        checked >> reconciled
        publication >> later

    line()


readable, _ = readable_sources(sources_folder())  # what is wrong with the others is told by `source_files.py`
for source_file, source in readable.items():
    settlement(source, source_file)
