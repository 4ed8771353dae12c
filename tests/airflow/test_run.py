"""Whole runs with Airflow's own `dag.test`: a real SFTP server, GnuPG, PostgreSQL, connections from the environment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from sqlalchemy.engine import make_url

from cuadre.config import load_source
from cuadre.evidence import Journal
from cuadre.sandbox.archive import SandboxDay
from cuadre.sandbox.provider import Provider, running_provider
from cuadre.sandbox.shop import open_shop, stock_shop
from tests.airflow.conftest import DAG_ID
from tests.sandbox.opening import body

KILLS_IN_THE_SECOND_PASS = """#!/bin/sh
case "$*" in *--decrypt*) echo pass >> "{root}/passes" ;; esac
if [ "$(grep -c pass "{root}/passes" 2>/dev/null)" = 2 ]; then
    {gpg} "$@" | {{ cat; sleep 0.2; kill -KILL $PPID; }}
fi
exec {gpg} "$@"
"""
SCRIPT = Path(__file__).with_name("run_day.py")


class WarmAirflow:
    """A process that has imported Airflow once, under a home that is a link; `metadata` is a home to copy."""

    def __init__(self, folder: Path) -> None:
        self.metadata, self._home = folder / "metadata", folder / "home"
        self._environment = {**os.environ, "AIRFLOW_HOME": str(self._home), "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO"}
        self.metadata.mkdir()
        self._home.symlink_to(self.metadata)
        python = [sys.executable, "-W", "ignore"]
        migrate = [*python, "-m", "airflow", "db", "migrate"]
        subprocess.run(migrate, env=self._environment, check=True, capture_output=True)
        self.process = subprocess.Popen(
            [*python, str(SCRIPT)], env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, home: Path, **request: object) -> int:
        """Run what is requested with the home `home`; the exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        link = self._home.with_name("next")
        link.symlink_to(home)
        link.replace(self._home)
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the warm Airflow has ended; what it said is among the captured output"
        return int(answer)


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmAirflow]:
    """One for all runs of the module."""
    warm = WarmAirflow(tmp_path_factory.mktemp("airflow"))
    with warm.process:
        yield warm


class Merchant:
    """An installation whose source file names an SFTP connection and a PostgreSQL connection."""

    def __init__(self, root: Path, made: SandboxDay, warehouse: str, airflow: WarmAirflow) -> None:
        self.root, self.made, self.warehouse, self.outbox = root, made, warehouse, root / "served" / "outbox"
        self.airflow = airflow
        self.outbox.mkdir(parents=True)
        shutil.copytree(airflow.metadata, root / "airflow")
        (root / "sources").mkdir()
        data = yaml.safe_load(made.source.read_text())
        (root / "sources" / "shop.yaml").write_text(yaml.safe_dump(data))
        self.source = load_source(root / "sources" / "shop.yaml")
        open_shop(warehouse, self.source)
        stock_shop(warehouse, self.source, orders=made.orders, bank_credits=made.bank_credits)

    def deliver(self, made: SandboxDay | None = None) -> None:
        for archive in (made or self.made).archives:
            shutil.copyfile(archive, self.outbox / archive.name)

    @property
    def deadly(self) -> Path:
        """A `gpg` that kills who started it; while it is there it is the one that is found."""
        return self.root / "bin" / "gpg"

    def run(self, provider: Provider, made: SandboxDay | None = None, *, dag_id: str = DAG_ID) -> dict[str, Any]:
        code = self.airflow.run(
            self.root / "airflow",
            dag_id=dag_id,
            day=(made or self.made).day.isoformat(),
            environment=self._environment(provider),
            output=str(self.root / "output"),
        )
        self.output = (self.root / "output").read_text()
        if self.deadly.exists():
            assert code == -signal.SIGKILL, self.output[-4000:]
            return {}
        assert code == 0, self.output[-4000:]
        result: dict[str, Any] = json.loads(self.output.strip().splitlines()[-1])
        return result

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.warehouse) as connection:
            return connection.execute(query.encode()).fetchall()

    def _environment(self, provider: Provider) -> dict[str, str]:
        url = make_url(self.warehouse)
        sftp = {
            "conn_type": "sftp",
            "host": provider.host,
            "port": provider.port,
            "login": provider.username,
            "password": provider.password,
            "extra": {"host_key": provider.host_key},
        }
        postgres = {
            "conn_type": "postgres",
            "login": url.username,
            "password": url.password,
            "schema": url.database,
            "extra": dict(url.query),
        }
        return {
            "PATH": f"{self.deadly.parent}:{os.environ['PATH']}",
            "AIRFLOW_CONN_CUADRE_PAGOEFECTIVO_PE": json.dumps(sftp),
            "AIRFLOW_CONN_CUADRE_WAREHOUSE": json.dumps(postgres),
            "CUADRE_SOURCES": str(self.root / "sources"),
            "CUADRE_STORE": str(self.root / "store"),
            "CUADRE_SCRATCH": str(self.root / "scratch"),
        }


@pytest.fixture
def merchant(tmp_path: Path, warehouse_url: str, airflow: WarmAirflow) -> Callable[[SandboxDay], Any]:
    @contextmanager
    def build(made: SandboxDay) -> Iterator[tuple[Merchant, Provider]]:
        place = Merchant(tmp_path, made, warehouse_url, airflow)
        with running_provider(place.outbox.parent) as provider:
            yield place, provider

    return build


@pytest.mark.airflow
def test_a_day_of_two_parts_runs_from_sftp_to_the_marts(
    merchant: Callable[[SandboxDay], Any], sandbox_day: Callable[..., SandboxDay]
) -> None:
    made = sandbox_day(300, breaks=0.05, parts=2)
    with merchant(made) as (place, provider):
        place.deliver()
        done = place.run(provider)
        assert done["state"] == "success", place.output[-4000:]
        assert {name for name, task in done["tasks"].items() if task["state"] != "success"} == {"run_later_day"}
        assert (done["tasks"]["run_later_day"]["state"], done["started"]) == ("skipped", [])
        labels = {name: task["label"] for name, task in done["tasks"].items() if name.startswith("admit[")}
        assert labels == {f"admit[{n}]": archive.name for n, archive in enumerate(made.archives)}
        assert place.rows("SELECT sum(lines) FROM recon.recon_daily") == [(made.lines,)]
        assert ("break_ratio", "open") in place.rows("SELECT kind, state FROM recon.incident")
        assert Journal(place.root / "store" / "journal.jsonl").verify().seq == 9
        assert provider.password not in place.output
        order = place.rows("SELECT order_id FROM shop.orders LIMIT 1")[0][0]
        assert order not in place.output


@pytest.mark.airflow
def test_a_day_that_comes_late_starts_a_run_for_the_day_after_it(
    merchant: Callable[[SandboxDay], Any], sandbox_day: Callable[..., SandboxDay]
) -> None:
    late = sandbox_day(300, breaks=0.05)
    next_one = sandbox_day(300, seed=2, breaks=0.05, day=late.day + timedelta(days=1), previous=late)
    with merchant(late) as (place, provider):
        stock_shop(place.warehouse, place.source, orders=next_one.orders, bank_credits=next_one.bank_credits)
        for made in (next_one, late):
            place.deliver(made)
            done = place.run(provider, made)
            assert done["state"] == "success", place.output[-4000:]
        assert done["tasks"]["run_later_day[0]"]["state"] == "success"
        assert done["started"] == [{"settlement_date": next_one.day.isoformat()}]


@pytest.mark.airflow
def test_a_tampered_archive_ends_the_run_at_its_first_try_and_opens_an_incident(
    merchant: Callable[[SandboxDay], Any], sandbox_day: Callable[..., SandboxDay]
) -> None:
    made = sandbox_day(300, faults=("tampered",))
    with merchant(made) as (place, provider):
        place.deliver()
        done = place.run(provider)
        states = {name: (task["state"], task["tries"]) for name, task in done["tasks"].items()}
        assert done["state"] == "failed"
        assert states["admit[0]"] == ("failed", 1)
        assert {states[name][0] for name in ("check", "reconcile", "publish", "alert")} == {"upstream_failed"}
        assert place.rows("SELECT kind, state FROM recon.incident") == [("archive_rejected", "open")]
        assert place.rows("SELECT count(*) FROM recon.recon_line") == [(0,)]


@pytest.mark.airflow
def test_nothing_of_a_task_that_was_killed_and_of_an_archive_that_was_refused_is_anywhere(
    merchant: Callable[[SandboxDay], Any], sandbox_day: Callable[..., SandboxDay]
) -> None:
    made = sandbox_day(300, faults=("control_total",))
    secret = {record["transaction_code"].encode() for record in body(made)} - {b""}
    assert len(secret) > 100
    with merchant(made) as (place, provider):
        place.deliver()
        place.deadly.parent.mkdir()
        place.deadly.write_text(KILLS_IN_THE_SECOND_PASS.format(gpg=shutil.which("gpg"), root=place.root))
        place.deadly.chmod(0o700)
        place.run(provider)
        assert (place.root / "passes").read_text().count("pass") == 2
        assert _told(place, secret) == []
        place.deadly.unlink()
        assert place.run(provider)["tasks"]["admit[0]"]["state"] == "failed"
        assert place.rows("SELECT reason FROM recon.archive_admission") == [("CONTROL_TOTAL_MISMATCH",)]
        assert _told(place, secret) == []
        assert list((place.root / "scratch").iterdir()) == []


def _told(place: Merchant, secret: set[bytes]) -> list[str]:
    """Where any of `secret` stands: files of the installation, Airflow's database among them, output, marts."""
    files = [path for path in place.root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert {"airflow.db", "journal.jsonl"} <= {path.name for path in files}
    assert not [path for path in files if path.suffix == ".parquet"], "what is packed in one is not seen below"
    marts = [
        name for (name,) in place.rows("SELECT table_name FROM information_schema.tables WHERE table_schema='recon'")
    ]
    texts = {
        **{str(path): path.read_bytes() for path in files},
        **{f"recon.{name}": repr(place.rows(f"SELECT * FROM recon.{name}")).encode() for name in marts},
        "output": place.output.encode(),
    }
    assert len(marts) > 9
    return [name for name, text in texts.items() if any(each in text for each in secret)]


@pytest.mark.airflow
def test_a_day_that_was_never_delivered_fails_at_its_cut_off_without_a_retry(
    merchant: Callable[[SandboxDay], Any], sandbox_day: Callable[..., SandboxDay]
) -> None:
    made = sandbox_day(300)
    with merchant(made) as (place, provider):
        done = place.run(provider)
        assert done["state"] == "failed"
        assert (done["tasks"]["wait"]["state"], done["tasks"]["wait"]["tries"]) == ("failed", 1)
        assert place.rows("SELECT kind FROM recon.incident") == [("archive_missing",)]


@pytest.mark.airflow
def test_the_daily_look_at_keys_opens_an_incident_and_recovers_it(
    merchant: Callable[[SandboxDay], Any], sandbox_day: Callable[..., SandboxDay]
) -> None:
    with merchant(sandbox_day(300)) as (place, provider):
        for change, state in ({"rotation": "P90D"}, "open"), ({"rotation": "P36500D"}, "recovered"):
            data = yaml.safe_load(place.made.source.read_text())
            data["trust"] |= change
            (place.root / "sources" / "shop.yaml").write_text(yaml.safe_dump(data))
            done = place.run(provider, dag_id="key_custody")
            assert done["state"] == "success", place.output[-4000:]
            assert list(done["tasks"]) == ["pagoefectivo_pe"]
            assert place.rows("SELECT kind, state FROM recon.incident") == [("key_custody", state)]


@pytest.mark.airflow
def test_keys_that_cannot_be_looked_at_are_an_incident_at_the_first_try(
    merchant: Callable[[SandboxDay], Any], sandbox_day: Callable[..., SandboxDay]
) -> None:
    with merchant(sandbox_day(300)) as (place, provider):
        data = yaml.safe_load(place.made.source.read_text())
        data["trust"]["keyring"] = {"folder": str(place.root / "nowhere")}
        (place.root / "sources" / "shop.yaml").write_text(yaml.safe_dump(data))
        done = place.run(provider, dag_id="key_custody")
        assert (done["state"], done["tasks"]["pagoefectivo_pe"]["tries"]) == ("failed", 1)
        assert place.rows("SELECT kind, state FROM recon.incident") == [("key_custody", "open")]
