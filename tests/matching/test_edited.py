"""Orders that were cleared and are edited afterwards: they open again, with the cause."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.matching.test_passes import BASKET, PARTS, source
from tests.matching.tiny import DAY, NEXT_AS_OF, NEXT_DAY, codes, inherited, line, order, run


def cleared(tmp_path, lines, before, **given):
    """The claims of DAY, which cleared all of `lines`."""
    first = run(tmp_path / "1", lines, before, **given)
    assert {row["outcome"] for row in first.rows} <= {"matched", "matched_with_variance"}
    return inherited([first])


def seen_later(tmp_path, lines, before, after, **given):
    """What the next day, without a line, says of orders that DAY cleared."""
    return next_day(tmp_path, cleared(tmp_path, lines, before, **given), after, **given)


def next_day(tmp_path, claims, orders, days=1, **given):
    return run(
        tmp_path / f"later{days}", [], orders, claims=claims,
        day=DAY + timedelta(days=days), as_of=NEXT_AS_OF + timedelta(days=days - 1), **given,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [("amount", "120"), ("status", "CANCELLED"), ("currency", "USD")])
def test_an_order_edited_after_it_was_cleared_opens_again_with_the_cause(tmp_path, name, value):
    edited = {name: value}
    lines = [line(1, psp_reference="c1")]
    later = seen_later(tmp_path, lines, [order("o1", psp_reference="c1")], [order("o1", psp_reference="c1", **edited)])
    (row,) = later.rows
    assert (row["outcome"], row["item_id"], row["first_seen"]) == (f"{name}_mismatch", "order:o1", NEXT_DAY)
    assert (codes(row), row["reasons"][0]["field"], row["got"]) == (["ORDER_EDITED"], name, None)
    assert row["delta"] == (-20 if name == "amount" else None)
    assert (later.report.open_items, later.report.outcomes[0].at_risk) == (1, 20 if name == "amount" else 100)


@pytest.mark.parametrize("after", [{}, {"status": "REFUNDED"}, {"psp_reference": "c7"}, {"amount": "100.000000"}])
def test_what_does_not_contradict_what_was_cleared_opens_nothing(tmp_path, after):
    lines = [line(1, psp_reference="c1", gross="100.03", fee="3.99")]
    row = {"psp_reference": "c1"}
    assert seen_later(tmp_path, lines, [order("o1", **row)], [order("o1", **{**row, **after})]).rows == []


def test_it_stays_open_and_closes_when_the_edit_is_taken_back(tmp_path):
    before, after = order("o1", psp_reference="c1"), order("o1", psp_reference="c1", amount="120")
    claims = cleared(tmp_path, [line(1, psp_reference="c1")], [before])
    second = next_day(tmp_path, claims, [after])
    third = next_day(tmp_path, claims, [after], 2, open_items=second.open_items)
    assert [(row["item_id"], row["first_seen"], row["age_days"]) for row in third.rows] == [("order:o1", NEXT_DAY, 1)]
    assert next_day(tmp_path, claims, [before], 3, open_items=third.open_items).rows == []


@pytest.mark.parametrize(("amount", "opened"), [("100", 0), ("99", 1)])
def test_an_order_paid_in_parts_is_held_to_their_sum(tmp_path, amount, opened):
    lines = [line(1, psp_reference="c1", gross="60"), line(2, psp_reference="c1", gross="40")]
    after = [order("o1", psp_reference="c1", amount=amount)]
    later = seen_later(tmp_path, lines, [order("o1", psp_reference="c1")], after, source=source(PARTS))
    assert len(later.rows) == opened


def test_each_order_paid_together_is_held_to_its_own_amount(tmp_path):
    before = [order("o1", psp_reference="c1", amount="60"), order("o2", psp_reference="c1", amount="40")]
    after = [{**before[0], "amount": Decimal(61)}, before[1]]
    later = seen_later(tmp_path, [line(1, psp_reference="c1")], before, after, source=source(BASKET))
    assert [(row["order_id"], codes(row)) for row in later.rows] == [("o1", ["ORDER_EDITED"])]


def test_a_line_for_an_edited_order_is_a_duplicate_and_the_order_stays_open_beside_it(tmp_path):
    before = order("o1", psp_reference="c1")
    claims = cleared(tmp_path, [line(1, psp_reference="c1")], [before])
    lines = [line(1, archive_id="c" * 64, psp_reference="c1", settlement_date=NEXT_DAY)]
    after = [order("o1", psp_reference="c1", amount="120")]
    later = run(tmp_path / "x", lines, after, claims=claims, day=NEXT_DAY, as_of=NEXT_AS_OF)
    assert [(row["outcome"], row["order_id"]) for row in later.rows] == [("duplicate", "o1"), ("amount_mismatch", "o1")]
    assert len({row["item_id"] for row in later.rows}) == 2


def test_a_day_judged_again_knows_nothing_of_later_days(tmp_path):
    before, after = order("o1", psp_reference="c1"), order("o1", psp_reference="c1", amount="120")
    claims = cleared(tmp_path, [line(1, psp_reference="c1")], [before])
    day = {"day": DAY - timedelta(days=1)}
    again = run(tmp_path / "y", [], [after], claims=claims, **day)
    assert again.rows == run(tmp_path / "z", [], [after], **day).rows
