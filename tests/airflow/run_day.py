"""Child process of the tests: a warm Airflow, which runs each settlement day asked for in a fork of its own.

It reads one request a line, JSON of `dag_id`, `day`, `environment` and the file `output`, and answers each with the
exit code of the fork. The day is run by Airflow's own `dag.test`; what became of it is the last line of `output`. The
fork has imported everything and started nothing, so that a run costs no start of Airflow or Great Expectations.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import httpx
from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
from airflow.dag_processing.dagbag import DagBag
from airflow.models.dagrun import DagRun
from airflow.sdk.execution_time.supervisor import in_process_api_server
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from sqlalchemy import select
from sqlalchemy.orm import configure_mappers

from cuadre.quality.importing import sparing_imports

DAGS = Path(__file__).parents[2] / "dags"
PRELOADED = (
    "a2wsgi",
    "adbc_driver_postgresql.dbapi",
    "airflow.dag_processing.collection",
    "airflow.sdk.execution_time.task_runner",
    "asyncssh",
    "cuadre.formats",
    "cuadre.pipeline.admit",
    "cuadre.pipeline.alarms",
    "cuadre.pipeline.check",
    "cuadre.pipeline.custody",
    "cuadre.pipeline.line",
    "cuadre.pipeline.publish",
    "cuadre.pipeline.receipts",
    "cuadre.pipeline.reconcile",
    "cuadre.quality.suite",
    "cuadre.sources.sftp",
    "cuadre.warehouse.snapshot",
    "pyarrow.dataset",
)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Airflow logs to standard output
    warm_up()
    gc.freeze()  # no fork looks through what it inherits, which would copy all of it
    for request in sys.stdin:
        child = os.fork()
        if not child:
            run_apart(**json.loads(request))
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()


def warm_up() -> None:
    """Import what a run needs, and build the API that tasks talk to; neither looks at the database."""
    with sparing_imports():
        for module in PRELOADED:
            importlib.import_module(module)
    DagBag(dag_folder=str(DAGS))
    configure_mappers()
    asyncio.run(ask_once(in_process_api_server()))


async def ask_once(api: InProcessExecutionAPI) -> None:
    """Ask for the API's health: at its first request it builds its routes, which takes seconds of every fork."""
    async with httpx.AsyncClient(transport=api.atransport, base_url="http://in-process.invalid") as client:
        (await client.get("/health")).raise_for_status()


def run_apart(dag_id: str, day: str, environment: dict[str, str], output: str) -> None:
    """The whole life of a fork: its own environment, its own output, and an end that tidies nothing of its parent."""
    os.environ |= environment
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in (1, 2):
        os.dup2(descriptor, number)
    try:
        run(dag_id, day)
    except BaseException:  # whatever it is, it must not go on with the loop of its parent
        traceback.print_exc()
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)


def run(dag_id: str, day: str) -> None:
    bag = DagBag(dag_folder=str(DAGS))
    assert not bag.import_errors, bag.import_errors
    dag = bag.dags[dag_id]
    dag.deadline = None  # `dag.test` looks deadlines up under ids which only a stored DAG has
    done = dag.test(logical_date=None, run_conf={"settlement_date": day})
    tasks = {
        f"{ti.task_id}[{ti.map_index}]" if ti.map_index >= 0 else ti.task_id: {
            "state": str(ti.state),
            "tries": ti.try_number,
            "label": ti.rendered_map_index,
        }
        for ti in done.get_task_instances()
    }
    result: dict[str, Any] = {"state": str(done.state), "tasks": tasks, "started": started_by(done)}
    sys.stdout.write("\n" + json.dumps(result) + "\n")


def started_by(run: DagRun) -> list[dict[str, str] | None]:
    """What the runs that this one started, and nobody has run yet, are to do."""
    with create_session() as session:
        waiting = select(DagRun.conf).where(DagRun.dag_id == run.dag_id, DagRun.state == DagRunState.QUEUED)
        return list(session.scalars(waiting))


if __name__ == "__main__":
    main()
