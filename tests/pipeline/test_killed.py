"""A worker may die at any moment: the day is run again and comes out as if nothing had happened."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cuadre.config.settings import Operator
from cuadre.evidence import Receipt, read_receipt
from cuadre.marts.migrate import migrate
from cuadre.model.columns import INCIDENT, MARTS
from cuadre.sandbox.archive import SandboxDay
from tests.pipeline.conftest import House, build_house

ROOT = Path(__file__).parents[2]
STEPS = ("fetch", "admit", "check", "reconcile", "publish", "receipt", "alert")


def marts_of(here: House) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all marts; how often an incident was seen does differ."""
    return {
        mart.name: here.rows(f"SELECT * FROM recon.{mart.name} ORDER BY {', '.join(mart.key)}")
        for mart in MARTS
        if mart is not INCIDENT
    }


def lake_of(here: House) -> dict[str, bytes]:
    """Everything kept but receipts, which say how long the journal was."""
    return {key: here.lake.store.read(key) for key in here.lake.store.list("") if "/receipts/" not in key}


def receipt_of(here: House) -> Receipt:
    """The one receipt of the one publication; its signature is beside it."""
    keys = [key for key in here.lake.store.list("lake/") if "/receipts/" in key]
    (key,) = (key for key in keys if key.endswith(".json"))
    assert key + ".asc" in keys
    return read_receipt(here.lake.store.read(key))


def test_a_day_killed_at_every_kind_of_write_comes_out_like_an_undisturbed_one(
    tmp_path: Path,
    warehouse_url: str,
    database_url: str,
    sandbox_day: Callable[..., SandboxDay],
    operator: Operator,
) -> None:
    made = sandbox_day(300, breaks=0.05, parts=2)
    migrate(database_url)
    calm = build_house(tmp_path / "calm", made, warehouse_url, operator)
    harried = build_house(tmp_path / "harried", made, database_url, operator)
    for here in (calm, harried):
        here.receive(made)
    calm.run(made.day)
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.pipeline.killed_line",
            harried.root,
            made.day.isoformat(),
            database_url,
            operator.keyring,
            operator.key,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    points = (harried.root / "points").read_text().splitlines()
    assert {"put_new raw/pagoefectivo_pe/*", "put lake/pagoefectivo_pe/*/lines/*/lines-000.parquet", "commit"} <= set(
        points
    ), points
    assert {f"journal {step}" for step in STEPS} <= set(points)
    receipt = f"put_bytes lake/pagoefectivo_pe/*/receipts/{calm.now(made.day):%Y%m%dT%H%M%S.%fZ}-*.json"
    assert {receipt, f"{receipt}.asc"} <= set(points)
    assert marts_of(harried) == marts_of(calm)
    assert lake_of(harried) == lake_of(calm)
    head = receipt_of(calm).journal
    assert replace(receipt_of(harried), journal=head) == receipt_of(calm)
    assert harried.work.journal.verify().seq >= calm.work.journal.verify().seq
