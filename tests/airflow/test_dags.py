"""What every DAG of the house must be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from tests.airflow.conftest import DAGS, ROOT

HEAVY = ["pandas", "pyarrow", "duckdb", "great_expectations", "boto3", "asyncssh", "apprise", "psycopg"]
DAG_IDS = ["key_custody", "settlement__pagoefectivo_pe"]
TAGS = {"cuadre", "settlement", "pagoefectivo/1"}
TOPOLOGY = {
    "wait": {"fetch"},
    "fetch": {"admit"},
    "admit": {"check", "reconcile", "publish"},
    "check": {"reconcile", "publish", "alert"},
    "reconcile": {"publish", "alert"},
    "publish": {"alert", "outdated"},
    "outdated": {"run_later_day"},
    "run_later_day": set(),
    "alert": set(),
}

PARSE = """
import json, socket, sys
def refuse(*_, **__):
    raise AssertionError("network while parsing")
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import BaseHook
BaseHook.get_connection = refuse
socket.socket.connect = socket.socket.bind = socket.getaddrinfo = refuse
before = set(sys.modules)
bag = DagBag(dag_folder=sys.argv[1])
print("\\n" + json.dumps({
    "errors": {path.rpartition("/")[2]: text for path, text in bag.import_errors.items()},
    "dags": sorted(bag.dags),
    "new": sorted(set(sys.modules) - before),
    "seconds": max(stat.duration.total_seconds() for stat in bag.dagbag_stats),
}))
"""


def parse(**environment: str) -> dict:
    """Parse all DAG files in a fresh interpreter in which the network is out of order."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PARSE, str(DAGS)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_parsing_needs_no_network_no_connection_no_heavy_import_and_less_than_a_second() -> None:
    parsed = parse()
    assert parsed["errors"] == {}
    assert parsed["dags"] == DAG_IDS
    assert [name for name in HEAVY if name in parsed["new"]] == []
    assert parsed["seconds"] < 1.0


def test_a_broken_source_file_is_an_import_error_that_names_the_line_and_leaves_the_others_running(
    tmp_path: Path,
) -> None:
    example = (ROOT / "include" / "sources" / "pagoefectivo_pe.yaml").read_text()
    (tmp_path / "good.yaml").write_text(example)
    (tmp_path / "broken.yaml").write_text(example.replace("owner: payments", "ownr: payments"))
    parsed = parse(CUADRE_SOURCES=str(tmp_path))
    assert parsed["dags"] == DAG_IDS
    assert list(parsed["errors"]) == ["source_files.py"]
    assert "broken.yaml:5: ownr: unknown key" in parsed["errors"]["source_files.py"]


def test_two_files_for_one_source_are_an_import_error_and_one_dag(tmp_path: Path) -> None:
    example = (ROOT / "include" / "sources" / "pagoefectivo_pe.yaml").read_text()
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(example)
    parsed = parse(CUADRE_SOURCES=str(tmp_path))
    assert parsed["dags"] == DAG_IDS
    assert "is used twice" in parsed["errors"]["source_files.py"]


def test_the_topology_is_the_line(dag) -> None:
    assert {task.task_id: set(task.downstream_task_ids) for task in dag.tasks} == TOPOLOGY


def test_publish_and_alert_need_every_gate_to_have_succeeded(dag) -> None:
    for task_id in ("publish", "alert"):
        assert dag.get_task(task_id).get_flat_relative_ids(upstream=True) >= {"wait", "fetch", "admit", "check"}


def test_no_task_runs_after_a_failure(dag) -> None:
    assert {task.trigger_rule for task in dag.tasks} == {"all_success"}


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_every_task_has_retries_a_policy_a_time_out_a_pool_a_callback_and_documentation(bag, dag_id) -> None:
    pools = json.loads((ROOT / "pools.json").read_text())
    for task in bag.dags[dag_id].tasks:
        assert task.retries >= 3, task.task_id
        assert task.retry_policy is not None, task.task_id
        assert timedelta(0) < task.execution_timeout <= timedelta(hours=2), task.task_id
        assert task.pool in pools, task.task_id
        assert task.on_failure_callback, task.task_id
        assert task.doc_md, task.task_id
        assert task.owner == "payments", task.task_id


def test_every_pool_is_used(dag) -> None:
    assert {task.pool for task in dag.tasks} == set(json.loads((ROOT / "pools.json").read_text()))


def test_the_dag_says_what_it_is(dag) -> None:
    assert dag.doc_md.startswith("Settlement days")
    assert all(
        f"**{part}" in dag.doc_md for part in ("Purpose", "When it runs", "Parameters", "What a", "Never by hand")
    )
    assert set(dag.tags) <= TAGS
    assert dag.catchup is False
    assert dag.on_failure_callback
    assert [alert.interval for alert in dag.deadline] == [timedelta(hours=8)]


def test_the_dag_of_keys_has_a_task_for_each_source_and_says_what_it_is(bag) -> None:
    custody = bag.dags["key_custody"]
    assert [task.task_id for task in custody.tasks] == ["pagoefectivo_pe"]
    assert custody.timetable.expression == "0 12 * * *"
    assert all(
        f"**{part}" in custody.doc_md for part in ("Purpose", "When it runs", "Parameters", "What a", "Never by hand")
    )
    assert custody.catchup is False


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_the_dag_survives_serialization_and_is_the_same_at_every_parse(bag, dag_id) -> None:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    dag = bag.dags[dag_id]
    again = DagBag(dag_folder=str(DAGS)).dags[dag_id]
    first, second = (DagSerialization.to_dict(each) for each in (dag, again))
    for form in (first, second):
        form["dag"].pop("_processor_dags_folder", None)
    assert first == second
    restored = DagSerialization.from_dict(json.loads(json.dumps(first)))
    assert {task.task_id for task in restored.tasks} == {task.task_id for task in dag.tasks}
    assert yaml.safe_load(json.dumps(first))


def test_no_secret_and_no_path_of_this_machine_is_in_the_serialized_dag(dag) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    form = DagSerialization.to_dict(dag)["dag"]
    for key in ("fileloc", "_processor_dags_folder", "relative_fileloc"):
        form.pop(key, None)
    assert str(ROOT) not in json.dumps(form)


def test_the_published_asset_is_the_outlet_of_publish_alone(dag) -> None:
    outlets = {task.task_id: [asset.name for asset in task.outlets] for task in dag.tasks if task.outlets}
    assert outlets == {"publish": ["settlement__pagoefectivo_pe"]}
