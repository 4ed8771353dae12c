"""Child process of the tests: run one settlement day with Airflow's own `dag.test` and print what became of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from sqlalchemy import select

DAGS = Path(__file__).parents[2] / "dags"


def main(dag_id: str, day: str) -> None:
    bag = DagBag(dag_folder=str(DAGS))
    assert not bag.import_errors, bag.import_errors
    dag = bag.dags[dag_id]
    dag.deadline = None  # `dag.test` looks deadlines up under ids which only a stored DAG has
    run = dag.test(logical_date=None, run_conf={"settlement_date": day})
    tasks = {
        f"{ti.task_id}[{ti.map_index}]" if ti.map_index >= 0 else ti.task_id: {
            "state": str(ti.state),
            "tries": ti.try_number,
            "label": ti.rendered_map_index,
        }
        for ti in run.get_task_instances()
    }
    result = {"state": str(run.state), "tasks": tasks, "started": started_by(run)}
    sys.stdout.write("\n" + json.dumps(result) + "\n")


def started_by(run: DagRun) -> list[dict[str, str] | None]:
    """What the runs that this one started, and nobody has run yet, are to do."""
    with create_session() as session:
        waiting = select(DagRun.conf).where(DagRun.dag_id == run.dag_id, DagRun.state == DagRunState.QUEUED)
        return list(session.scalars(waiting))


if __name__ == "__main__":
    main(*sys.argv[1:])
