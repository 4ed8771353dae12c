"""A house for the day-level steps: a provider's folder, a store, a journal, and a warehouse with a shop in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from cuadre.config import Source, load_source
from cuadre.config.secrets import resolve
from cuadre.config.settings import Operator, Settings
from cuadre.pipeline import alarms, line
from cuadre.pipeline.lake import Lake
from cuadre.pipeline.workplace import Workplace, workplace
from cuadre.sandbox.archive import SandboxDay
from cuadre.sandbox.keys import operator_key
from cuadre.sandbox.shop import open_shop, stock_shop


@dataclass(frozen=True)
class House:
    """A merchant's installation beside a provider that offers files in `outbox`."""

    root: Path
    outbox: Path
    source_file: Path
    work: Workplace
    warehouse: str

    @property
    def source(self) -> Source:
        return load_source(self.source_file)

    @property
    def lake(self) -> Lake:
        return self.work.lake(self.source)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.warehouse) as connection:
            return connection.execute(query.encode()).fetchall()

    def receive(self, made: SandboxDay) -> None:
        """The provider offers the day; the shop and the bank know of it."""
        self.offer(made)
        stock_shop(self.warehouse, self.source, orders=made.orders, bank_credits=made.bank_credits)

    def offer(self, made: SandboxDay) -> None:
        for archive in (*made.archives, *made.signatures):
            shutil.copyfile(archive, self.outbox / archive.name)

    def now(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=UTC) + timedelta(hours=13)

    def run(self, day: date, *, now: datetime | None = None) -> dict[str, Any]:
        """The whole line, as the DAG calls it."""
        at, here = now or self.now(day), (self.work, self.source, day)
        assert line.await_archives(*here, now=at)
        archives = line.fetch_day(*here, now=at)
        admissions = [line.admit_archive(*here, archive, now=at) for archive in archives]
        checked = line.check_day(*here, admissions, now=at)
        reconciled = line.reconcile_day(*here, admissions, now=at)
        publication = line.publish_day(*here, admissions, checked, reconciled, now=at)
        alert = alarms.alert_day(*here, checked, reconciled, publication, now=at)
        return {
            "alert": alert,
            "reconciled": reconciled,
            "publication": publication,
            "checked": checked,
            "admissions": admissions,
        }


def build_house(root: Path, made: SandboxDay, url: str, operator: Operator | None = None) -> House:
    """A house in `root` that trusts the provider of `made`; the warehouse at `url` has the schema `recon` already."""
    outbox = root / "outbox"
    outbox.mkdir(parents=True)
    secret = root / "warehouse.url"
    secret.write_text(url)
    data = yaml.safe_load(made.source.read_text())
    data["transport"] = {"kind": "folder", "folder": str(outbox), "pattern": data["transport"]["pattern"]}
    data["warehouse"] = {"file": str(secret)}
    source_file = root / "sources" / "shop.yaml"
    source_file.parent.mkdir()
    source_file.write_text(yaml.safe_dump(data))
    open_shop(url, load_source(source_file))
    settings = Settings(
        sources=source_file.parent,
        store=str(root / "store"),
        scratch=root / "scratch",
        journal=root / "journal.jsonl",
        alerts=root / "alerts.jsonl",
        operator=operator,
    )
    return House(root, outbox, source_file, workplace(settings, resolve), url)


@pytest.fixture
def house(tmp_path: Path, warehouse_url: str) -> Callable[[SandboxDay], House]:
    """Build a house that trusts the provider of the day given."""
    return lambda made: build_house(tmp_path / "house", made, warehouse_url)


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """Whose key signs receipts."""
    home = tmp_path_factory.mktemp("operator")
    return Operator(home, operator_key(home))


@pytest.fixture(scope="session")
def past_days(sandbox_day: Callable[..., SandboxDay]) -> list[SandboxDay]:
    """Three days in a row with breaks: what one leaves open comes up on the next, and some is given back."""
    made = [sandbox_day(200, breaks=0.08, parts=2)]
    for seed in (2, 3):
        day = made[-1].day + timedelta(days=1)
        made.append(sandbox_day(200, seed=seed, breaks=0.08, day=day, previous=made[-1]))
    return made


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory, past_days: list[SandboxDay], session_warehouse_url: str) -> House:
    """A house in which the past days were run, to be read only; its source file names a warehouse that is not there."""
    here = build_house(tmp_path_factory.mktemp("past") / "h", past_days[0], session_warehouse_url)
    for made in past_days:
        here.receive(made)
        here.run(made.day)
    (here.root / "warehouse.url").write_text("postgresql://nobody@127.0.0.1:1/nothing")
    return here
