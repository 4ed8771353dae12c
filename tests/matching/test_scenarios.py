"""Days on which things go wrong, against answer keys that were written before the engine saw them."""

import pytest

from cuadre.model.codes import Outcome
from cuadre.sandbox.scenarios import SCENARIOS
from cuadre.sandbox.scenarios.mixed import mixed_days
from cuadre.sandbox.scenarios.playing import judge, play, tell

SEEDS = (11, 12)
"""Others than those of the page: what holds there holds here too."""


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenarios")
    return play(tell(SCENARIOS, SEEDS), folder) + mixed_days(SEEDS[:1], folder)


@pytest.mark.parametrize("name", [scenario.__name__ for scenario in SCENARIOS] + ["mixed_days"])
def test_every_row_of_a_scenario_is_what_its_key_says(played, name):
    rows = [row for row in played if row.name == name]
    assert rows
    assert [row for row in rows if not row.agrees] == []


def test_no_money_is_ever_cleared_falsely(played):
    assert [row for row in played if row.cleared_falsely] == []


def test_every_outcome_is_planted_and_every_scenario_has_a_sentence_of_its_own(played):
    assert {row.right.outcome for row in played} == set(Outcome)
    assert len({scenario.__doc__ for scenario in SCENARIOS}) == len(SCENARIOS) >= 20


def test_the_same_seed_tells_the_same_story_and_another_seed_another():
    assert tell(SCENARIOS, [1]) == tell(SCENARIOS, [1]) != tell(SCENARIOS, [2])


@pytest.mark.parametrize(
    ("outcome", "changed", "falsely"),
    [
        (Outcome.missing_in_orders, {"outcome": "matched"}, True),
        (Outcome.duplicate, {"outcome": "matched_with_variance"}, True),
        (Outcome.matched, {"order_id": "another"}, True),
        (Outcome.matched, {"outcome": "ambiguous"}, False),
        (Outcome.missing_in_settlement, {"outcome": "pending"}, False),
    ],
)
def test_a_wrong_row_is_seen(played, outcome, changed, falsely):
    right = next(row for row in played if row.right.outcome is outcome)
    found = {"outcome": right.found.name, "order_id": right.found_order, **changed}
    [row] = judge(right.name, right.day, {right.key: right.right}, {right.key: found})
    assert (row.agrees, row.cleared_falsely) == (False, falsely)


def test_a_lost_row_and_a_row_nobody_planted_are_seen(played):
    cleared = next(row for row in played if row.right.outcome is Outcome.matched)
    [lost] = judge(cleared.name, cleared.day, {cleared.key: cleared.right}, {})
    [extra] = judge(cleared.name, cleared.day, {}, {cleared.key: {"outcome": "matched", "order_id": "o1"}})
    assert (lost.agrees, lost.cleared_falsely, extra.agrees, extra.cleared_falsely) == (False, False, False, True)
