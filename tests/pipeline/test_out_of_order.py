"""Days that come late or change: the later ones that took something over from them are run again, and no others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from cuadre.model.columns import FEE_AUDIT, RECON_BREAK, RECON_DAILY, RECON_LINE, SETTLEMENT_BATCH
from cuadre.model.errors import Overtaken
from cuadre.pipeline import line
from cuadre.sandbox.archive import SandboxDay
from tests.pipeline.conftest import House, build_house

Make = Callable[..., SandboxDay]


@pytest.fixture(scope="module")
def three_days(sandbox_day: Make) -> list[SandboxDay]:
    """Three days in a row, each with breaks and with what the one before left open."""
    made = [sandbox_day(300, breaks=0.05)]
    for seed in (2, 3):
        day = made[-1].day + timedelta(days=1)
        made.append(sandbox_day(300, seed=seed, breaks=0.05, day=day, previous=made[-1]))
    return made


@pytest.fixture(scope="module")
def in_order(
    tmp_path_factory: pytest.TempPathFactory, module_warehouse_url: str, three_days: list[SandboxDay]
) -> House:
    """A house that knew of all three days from the first on and ran them in order, to be read only."""
    here = build_house(tmp_path_factory.mktemp("in_order") / "h", three_days[0], module_warehouse_url)
    for made in three_days:
        here.receive(made)
    for made in three_days:
        here.run(made.day)
    return here


def outdated(here: House, day: date) -> date | None:
    return line.outdated_day(here.work, here.source, day)


def results(here: House, made: list[SandboxDay]) -> list[object]:
    """What the marts say of the days, without the times at which it was found, and which files are theirs."""
    marts = {
        mart.name: here.rows(f"SELECT {', '.join(mart.names)} FROM recon.{mart.name} ORDER BY {', '.join(mart.key)}")
        for mart in (RECON_LINE, RECON_BREAK, RECON_DAILY, SETTLEMENT_BATCH, FEE_AUDIT)
    }
    return [marts, *(here.lake.read(here.lake.day(each.day))["files"] for each in made)]


def test_a_day_in_order_leaves_nothing_to_run_again(in_order: House, three_days: list[SandboxDay]) -> None:
    assert [outdated(in_order, made.day) for made in three_days] == [None] * 3


def test_days_run_in_the_wrong_order_come_out_as_in_the_right_one(
    house: Callable[[SandboxDay], House], in_order: House, three_days: list[SandboxDay]
) -> None:
    first, second, third = three_days
    wrong = house(first)
    for made in three_days:
        wrong.receive(made)
    for made in (third, second, first):
        wrong.run(made.day)
    assert results(wrong, three_days) != results(in_order, three_days)

    again, after = [], outdated(wrong, first.day)
    while after:
        again.append(after)
        wrong.run(after)
        after = outdated(wrong, after)
    assert again == [second.day, third.day]
    assert results(wrong, three_days) == results(in_order, three_days)

    wrong.run(first.day)
    assert outdated(wrong, first.day) is None


def test_a_result_that_another_run_has_replaced_is_not_published(
    house: Callable[[SandboxDay], House], three_days: list[SandboxDay]
) -> None:
    first, second, _ = three_days
    here = house(first)
    here.receive(first)
    here.receive(second)
    alone = here.run(second.day)
    here.run(first.day)
    here.run(second.day)
    with pytest.raises(Overtaken, match="another run has reconciled"):
        line.publish_day(
            here.work,
            here.source,
            second.day,
            alone["admissions"],
            alone["checked"],
            alone["reconciled"],
            now=here.now(second.day),
        )
