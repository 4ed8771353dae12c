"""Batches whose credit comes after their day: carried by the line until they are paid, and put right by a re-run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from cuadre.pipeline import line
from cuadre.sandbox.archive import SandboxDay
from cuadre.sandbox.shop import stock_shop
from tests.pipeline.conftest import House

STATES = "SELECT batch_date, status, count(*) FROM recon.settlement_batch WHERE settlement_date = '{}' GROUP BY 1, 2"


def states(here: House, day: date) -> dict[tuple[object, ...], object]:
    return {(batch_date, status): count for batch_date, status, count in here.rows(STATES.format(day))}


def test_a_credit_that_comes_late_pays_its_batch_on_the_next_day_and_on_its_own_when_that_is_run_again(
    house: Callable[[SandboxDay], House], sandbox_day: Callable[..., SandboxDay], tmp_path: Path
) -> None:
    first = sandbox_day(300)
    second = sandbox_day(300, seed=2, day=first.day + timedelta(days=1), previous=first)
    here = house(first)
    none = tmp_path / "none.parquet"
    pq.write_table(pq.read_table(first.bank_credits).slice(0, 0), none)
    here.offer(first)
    stock_shop(here.warehouse, here.source, orders=first.orders, bank_credits=none)
    here.run(first.day)
    batches = pq.read_metadata(first.bank_credits).num_rows
    assert states(here, first.day) == {(first.day, "bank_pending"): batches}

    here.receive(second)
    stock_shop(here.warehouse, here.source, orders=second.orders, bank_credits=first.bank_credits)
    here.run(second.day)
    own = pq.read_metadata(second.bank_credits).num_rows
    paid = {(second.day, "balanced"): own}
    assert states(here, second.day) == paid | {(first.day, "balanced"): batches}
    assert line.outdated_day(here.work, here.source, first.day) is None

    here.run(first.day)
    assert states(here, first.day) == {(first.day, "balanced"): batches}
    assert line.outdated_day(here.work, here.source, first.day) == second.day
    here.run(second.day)
    assert states(here, second.day) == paid
