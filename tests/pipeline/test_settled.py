"""What people settled counts no more in the incidents of the day, from its next run on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cuadre.marts.decisions import Wish, approve, decide
from cuadre.model.codes import DecisionKind
from cuadre.sandbox.archive import SandboxDay
from tests.pipeline.conftest import House


def _changes(told: dict[str, Any]) -> dict[str, str]:
    return {change["incident_id"].rpartition("/")[2]: change["what"] for change in told["alert"]["changes"]}


def test_an_incident_recovers_once_its_breaks_are_settled_and_the_decisions_outlive_the_run(
    house: Callable[[SandboxDay], House], sandbox_day: Callable[..., SandboxDay]
) -> None:
    made = sandbox_day(200, breaks=0.08)
    here = house(made)
    here.receive(made)
    assert _changes(here.run(made.day))["break_ratio"] == "opened"

    now = here.now(made.day) + timedelta(hours=1)
    for (item,) in here.rows("SELECT item_id FROM recon.open_break ORDER BY item_id"):
        wish = Wish(str(item), DecisionKind.accept, "agreed with the provider", "ana")
        made_now = decide(here.warehouse, here.source, wish, now=now)
        if made_now["needs_second"]:
            approve(here.warehouse, made_now["decision_id"], "bea", now=now)
    assert here.rows("SELECT sum(unreconciled) FROM recon.open_break") == [(0,)]

    again = here.run(made.day, now=now)
    assert _changes(again)["break_ratio"] == "recovered"
    assert not again["publication"]["changed"]
    assert here.rows("SELECT DISTINCT state FROM recon.open_break") == [("settled",)]
