"""Connections, retries, waiting and deadlines, each on its own; a whole run is in `test_run.py`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from cuadre.config.references import SecretReference
from cuadre.model.codes import RejectionReason
from cuadre.model.errors import (
    ArchiveMissing,
    ArchiveRejected,
    ConfigurationError,
    HostKeyRefused,
    SourceUnavailable,
)
from cuadre.sandbox.archive import SandboxDay
from cuadre.sources.sftp import parse_server


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (ArchiveRejected(RejectionReason.TAMPERED), "fail"),
        (ArchiveMissing("nothing"), "fail"),
        (ConfigurationError("wrong"), "fail"),
        (HostKeyRefused("changed"), "fail"),
        (SourceUnavailable("away"), "retry"),
        (MemoryError(), "default"),
    ],
)
def test_terminal_errors_fail_at_once_and_transient_ones_are_tried_again(error: Exception, action: str) -> None:
    from airflow.sdk import ExceptionRetryPolicy

    from cuadre.airflow.retries import RETRY_POLICY

    stored = ExceptionRetryPolicy.deserialize(json.loads(json.dumps(RETRY_POLICY.serialize())))
    for policy in (RETRY_POLICY, stored):
        assert policy.evaluate(error, 1, 4).action.value == action


def test_the_pauses_between_tries_grow() -> None:
    from cuadre.airflow.retries import RETRIES

    assert RETRIES["retries"] >= 3
    assert RETRIES["retry_exponential_backoff"] > 1
    assert RETRIES["retry_delay"] < RETRIES["max_retry_delay"]


def connection(**fields: Any) -> Any:
    from airflow.sdk import Connection

    return Connection(conn_id="test", **fields)


def test_an_sftp_connection_is_a_server_with_its_pinned_key() -> None:
    from cuadre.airflow.connections import text_of

    text = text_of(
        connection(
            conn_type="sftp",
            host="sftp.example",
            port=2222,
            login="shop",
            password="secret",
            extra=json.dumps({"host_key": "ssh-ed25519 AAAA"}),
        )
    )
    server = parse_server(text)
    assert (server.host, server.port, server.username, server.host_key) == (
        "sftp.example",
        2222,
        "shop",
        "ssh-ed25519 AAAA",
    )
    assert "secret" not in repr((text, server))


def test_a_postgres_connection_is_a_url_with_its_extras() -> None:
    from cuadre.airflow.connections import text_of
    from cuadre.warehouse import Address

    over_socket = connection(
        conn_type="postgres", login="postgres", password="p@ss/w", schema="warehouse", extra='{"host": "/run/pg"}'
    )
    over_network = connection(conn_type="postgres", host="db", port=5433, login="recon", password="x", schema="shop")
    address = Address.parse(text_of(over_socket).get_secret_value())
    assert (address.url.password, address.url.database, address.url.query["host"]) == ("p@ss/w", "warehouse", "/run/pg")
    assert text_of(over_network).get_secret_value() == "postgresql://recon:x@db:5433/shop"


def test_any_other_connection_is_its_password_or_its_value() -> None:
    from cuadre.airflow.connections import text_of

    assert text_of(connection(conn_type="generic", password="phrase")).get_secret_value() == "phrase"
    assert text_of(connection(conn_type="generic", extra='{"value": "url"}')).get_secret_value() == "url"
    with pytest.raises(ConfigurationError, match="test"):
        text_of(connection(conn_type="generic"))


def test_a_connection_that_does_not_exist_is_named() -> None:
    from cuadre.airflow.connections import resolve

    with pytest.raises(ConfigurationError, match="cuadre_not_there"):
        resolve(SecretReference(connection="cuadre_not_there"))


def test_outside_airflow_a_connection_is_refused_with_a_hint() -> None:
    from cuadre.config.secrets import resolve

    with pytest.raises(ConfigurationError, match="environment variable or a file"):
        resolve(SecretReference(connection="x"))


def test_variables_and_files_are_secrets_too(tmp_path: Path) -> None:
    from cuadre.config.secrets import resolve

    (tmp_path / "secret").write_text("from a file\n")
    assert resolve(SecretReference(env="X"), {"X": "from the environment"}) == SecretStr("from the environment")
    assert resolve(SecretReference(file=str(tmp_path / "secret"))) == SecretStr("from a file")
    for missing in (SecretReference(env="X"), SecretReference(file=str(tmp_path / "none"))):
        with pytest.raises(ConfigurationError):
            resolve(missing, {})


class Waiting:
    """A source in a folder of its own whose archives come into `outbox`."""

    def __init__(self, root: Path, made: SandboxDay, cut_off: datetime) -> None:
        self.made, self.outbox, folder = made, root / "outbox", root / "sources"
        self.outbox.mkdir()
        folder.mkdir()
        data = yaml.safe_load(made.source.read_text())
        data["transport"] = {"kind": "folder", "folder": str(self.outbox), "pattern": data["transport"]["pattern"]}
        local = cut_off.astimezone(UTC)
        data["timezone"] = "UTC"
        data["schedule"] = {"poll": 1, "cut_off": local.time().isoformat(timespec="seconds")}
        self.day = local.date() - timedelta(days=1)
        (folder / "shop.yaml").write_text(yaml.safe_dump(data))
        self.folder = folder

    def arrive(self) -> None:
        name = self.made.archives[0].name.replace(f"{self.made.day:%Y%m%d}", f"{self.day:%Y%m%d}")
        (self.outbox / name).write_bytes(b"archive")

    def trigger(self) -> Any:
        """The trigger as a triggerer makes it, from what was stored."""
        from airflow.sdk._shared.module_loading import import_string

        from cuadre.airflow.waiting import ArchiveTrigger

        path, arguments = ArchiveTrigger("shop.yaml", self.day.isoformat()).serialize()
        return import_string(path)(**json.loads(json.dumps(arguments)))


@pytest.fixture
def waiting(
    tmp_path: Path, sandbox_day: Callable[..., SandboxDay], monkeypatch: pytest.MonkeyPatch
) -> Callable[[timedelta], Waiting]:
    def build(left: timedelta) -> Waiting:
        made = Waiting(tmp_path, sandbox_day(300), datetime.now(UTC) + left)
        monkeypatch.setenv("CUADRE_SOURCES", str(made.folder))
        return made

    return build


async def first_event(trigger: Any) -> str:
    async for event in trigger.run():
        return str(event.payload)
    raise AssertionError("the trigger ended without an event")


def test_the_trigger_fires_when_the_day_is_complete(waiting: Callable[[timedelta], Waiting]) -> None:
    place = waiting(timedelta(hours=1))

    async def story() -> str:
        event = asyncio.create_task(first_event(place.trigger()))
        await asyncio.sleep(0.3)
        assert not event.done()
        place.arrive()
        return await asyncio.wait_for(event, 20)

    assert asyncio.run(story()) == "the day is complete"


def test_the_trigger_fires_at_the_cut_off(waiting: Callable[[timedelta], Waiting]) -> None:
    assert asyncio.run(asyncio.wait_for(first_event(waiting(timedelta(seconds=1)).trigger()), 20)) == (
        "the cut-off is there"
    )


def test_the_trigger_goes_on_when_the_provider_cannot_be_reached(waiting: Callable[[timedelta], Waiting]) -> None:
    place = waiting(timedelta(hours=1))
    place.outbox.rmdir()

    async def story() -> str:
        event = asyncio.create_task(first_event(place.trigger()))
        await asyncio.sleep(0.3)
        assert not event.done()
        place.outbox.mkdir()
        place.arrive()
        return await asyncio.wait_for(event, 20)

    assert asyncio.run(story()) == "the day is complete"


def test_a_missed_deadline_opens_an_incident_worded_so_that_it_is_true_of_failed_runs_too(
    tmp_path: Path,
    warehouse_url: str,
    sandbox_day: Callable[..., SandboxDay],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import psycopg

    from cuadre.airflow.alarms import DeadlineMissed

    data = yaml.safe_load(sandbox_day(300).source.read_text())
    data["warehouse"] = {"env": "TEST_WAREHOUSE"}
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(data))
    for name, value in {
        "TEST_WAREHOUSE": warehouse_url,
        "CUADRE_SOURCES": str(tmp_path),
        "CUADRE_STORE": str(tmp_path / "store"),
        "CUADRE_SCRATCH": str(tmp_path / "scratch"),
    }.items():
        monkeypatch.setenv(name, value)
    context = {
        "dag_run": {"partition_key": "2026-03-04", "partition_date": None, "conf": {}},
        "deadline": {"id": "1", "deadline_time": datetime(2026, 3, 5, 17, tzinfo=UTC)},
    }

    async def callback() -> None:
        await DeadlineMissed(source_file="shop.yaml", context=context)

    asyncio.run(callback())
    with psycopg.connect(warehouse_url) as held:
        kind, cause = held.execute("SELECT kind, cause FROM recon.incident").fetchone()
    assert kind == "deadline_missed"
    assert cause.startswith("Not successful by 2026-03-05 17:00")


def test_a_published_day_puts_its_date_and_sums_on_the_asset_event() -> None:
    from datetime import date

    from airflow.sdk.execution_time.context import OutletEventAccessors

    from cuadre.airflow.assets import announce, published_asset

    events = OutletEventAccessors()
    report = {"lines": 3, "items": 4, "breaks": 1, "open_items": 2, "outcomes": [{"outcome": "matched", "count": 3}]}
    publication = {"changed": True, "rows": {"recon_line": 4}, "mart_hash": "ab"}
    announce({"outlet_events": events}, "shop", date(2026, 3, 4), report, publication)
    event = events[published_asset("shop")]
    assert event.partition_keys == {"2026-03-04"}
    assert event.extra["settlement_date"] == "2026-03-04"
    assert event.extra["outcomes"] == report["outcomes"]
    assert json.dumps(event.extra)
    assert SimpleNamespace(**event.extra).breaks == 1


def test_the_trigger_looks_over_sftp_with_the_login_of_a_connection(
    tmp_path: Path, sandbox_day: Callable[..., SandboxDay], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cuadre.airflow.waiting import ArchiveTrigger
    from cuadre.sandbox.provider import running_provider

    made, outbox = sandbox_day(300), tmp_path / "served" / "outbox"
    outbox.mkdir(parents=True)
    data = yaml.safe_load(made.source.read_text())
    data["schedule"] = {"poll": 1}
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(data))
    monkeypatch.setenv("CUADRE_SOURCES", str(tmp_path))
    day = datetime.now(UTC).date() + timedelta(days=2)
    with running_provider(outbox.parent) as provider:
        login = {"conn_type": "sftp", "host": provider.host, "port": provider.port, "login": provider.username}
        login |= {"password": provider.password, "extra": {"host_key": provider.host_key}}
        monkeypatch.setenv("AIRFLOW_CONN_CUADRE_PAGOEFECTIVO_PE", json.dumps(login))

        async def story() -> str:
            event = asyncio.create_task(first_event(ArchiveTrigger("shop.yaml", day.isoformat())))
            await asyncio.sleep(0.5)
            assert not event.done()
            name = made.archives[0].name.replace(f"{made.day:%Y%m%d}", f"{day:%Y%m%d}")
            (outbox / name).write_bytes(b"archive")
            return await asyncio.wait_for(event, 20)

        assert asyncio.run(story()) == "the day is complete"
        changed = login | {
            "extra": {"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"}
        }
        monkeypatch.setenv("AIRFLOW_CONN_CUADRE_PAGOEFECTIVO_PE", json.dumps(changed))
        event = asyncio.run(asyncio.wait_for(first_event(ArchiveTrigger("shop.yaml", day.isoformat())), 20))
        assert event == "looking again cannot help: HostKeyRefused"


def test_the_waiting_task_gives_its_slot_back_with_a_trigger_that_holds_no_secret(
    waiting: Callable[[timedelta], Waiting], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airflow.sdk.exceptions import TaskDeferred

    from cuadre.airflow.waiting import GRACE, WaitForArchives

    place = waiting(timedelta(hours=1))
    monkeypatch.setenv("CUADRE_STORE", str(tmp_path / "store"))
    task = WaitForArchives(task_id="wait", source_file="shop.yaml")
    context = {"params": {}, "partition_key": place.day.isoformat()}
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    assert deferred.value.method_name == "look_again"
    assert GRACE < deferred.value.timeout <= GRACE + timedelta(hours=1)
    assert deferred.value.trigger.serialize()[1] == {"source_file": "shop.yaml", "day": place.day.isoformat()}
    place.arrive()
    task.look_again(context, "the day is complete")
