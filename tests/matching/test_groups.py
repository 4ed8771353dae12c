"""Groups of lines or orders that a source lets settle together: sums, choices among them, and when to abstain."""

import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cuadre.config.matching import MOST_ITEMS
from tests.matching.declared import BASKET, PARTS, SOME, TOLERANT, facts, owed, paid, source
from tests.matching.tiny import NEXT_AS_OF, NEXT_DAY, B, claim, codes, give_back, inherited, line, order, run

# Groups


def test_several_lines_that_add_up_to_their_order_settle_it_in_parts(tmp_path):
    lines = [paid(1, "60"), paid(2, "40", archive_id=B)]
    result = run(tmp_path, lines, [owed("o1")], source=source(PARTS))
    assert facts(result) == [(1, "o1", "matched_with_variance"), (2, "o1", "matched_with_variance")]
    assert sum(row["expected"] for row in result.rows) == sum(row["got"] for row in result.rows) == 100
    for row in result.rows:
        assert (row["pass"], row["delta"], codes(row)) == ("parts", 0, ["SETTLED_IN_PARTS"])
        assert row["reasons"][0]["got"] == "aaaaaaaa:1 + bbbbbbbb:2"
    assert len({row["item_id"] for row in result.rows}) == 2


def test_without_such_a_pass_they_stay_duplicates(tmp_path):
    lines = [paid(1, "60"), paid(2, "40")]
    result = run(tmp_path, lines, [owed("o1")], source=source(TOLERANT))
    assert [row["outcome"] for row in result.rows] == ["duplicate", "duplicate"]


@pytest.mark.parametrize(
    ("grosses", "why"),
    [
        (["60", "41"], "a sum that differs"),
        (["100", "100"], "the order twice"),
        (["100", "50", "-50"], "money that goes both ways"),
        (["100", "0"], "a part of nothing"),
    ],
)
def test_lines_that_do_not_add_up_are_no_group(tmp_path, grosses, why):
    lines = [paid(n, gross) for n, gross in enumerate(grosses, 1)]
    result = run(tmp_path, lines, [owed("o1")], source=source(PARTS, SOME))
    assert {row["outcome"] for row in result.rows} == {"duplicate"}, why


def test_one_line_that_is_the_sum_of_its_orders_settles_them_together(tmp_path):
    lines = [paid(1, merchant_reference="o2")]
    result = run(tmp_path, lines, [owed("o1", "60"), owed("o2", "40")], source=source(BASKET))
    assert [(row["line_no"], row["order_id"]) for row in result.rows] == [(1, None), (None, "o1"), (None, "o2")]
    assert {row["outcome"] for row in result.rows} == {"matched_with_variance"}
    assert {(row["pass"], *codes(row), row["reasons"][0]["got"]) for row in result.rows} == {
        ("basket", "SETTLED_TOGETHER", "o1 + o2")
    }
    assert sum(row["expected"] or 0 for row in result.rows) == sum(row["got"] or 0 for row in result.rows) == 100


def test_a_line_that_names_an_order_outside_the_group_takes_no_part(tmp_path):
    lines = [
        paid(1, merchant_reference="o3"),
        paid(2, "60", psp="c2", merchant_reference="o3"),
        paid(3, "40", psp="c2"),
    ]
    orders = [owed("o1", "60"), owed("o2", "40"), order("o3"), owed("o4", psp="c2")]
    result = run(tmp_path, lines, orders, source=source(PARTS, BASKET))
    assert [result.outcome(n) for n in (1, 2, 3)] == ["ambiguous", "duplicate", "duplicate"]


def test_several_lines_and_several_orders_are_no_group(tmp_path):
    lines = [paid(1, "60"), paid(2, "40")]
    result = run(tmp_path, lines, [owed("o1"), owed("o2")], source=source(PARTS, BASKET, SOME))
    assert {row["outcome"] for row in result.rows} == {"ambiguous"}


def test_a_group_within_a_tolerance_says_so_and_the_difference_is_told_once(tmp_path):
    lines = [paid(1, "60"), paid(2, "41.50")]
    rule = {**PARTS, "amount_tolerance": {"PEN": "2"}}
    result = run(tmp_path, lines, [owed("o1")], source=source(rule))
    assert {tuple(codes(row)) for row in result.rows} == {("SETTLED_IN_PARTS", "AMOUNT_WITHIN_TOLERANCE")}
    assert [(row["expected"], row["delta"]) for row in result.rows] == [(60, 0), (40, Decimal("1.5"))]


def test_a_group_that_fits_without_one_of_its_parts_is_not_taken(tmp_path):
    rule = {**PARTS, "amount_tolerance": {"PEN": "2"}}
    result = run(tmp_path, [paid(1, "60"), paid(2, "39"), paid(3, "1")], [owed("o1")], source=source(rule))
    assert {row["outcome"] for row in result.rows} == {"duplicate"}


def test_a_group_across_two_days_is_found_when_its_last_part_comes(tmp_path):
    first = run(tmp_path / "1", [paid(1, "60")], [owed("o1")], source=source(PARTS))
    assert first.outcome(1) == "amount_mismatch"
    second = run(
        tmp_path / "2", [paid(1, "40", archive_id=B)], [owed("o1")], source=source(PARTS), open_items=first.open_items
    )
    assert facts(second) == [(1, "o1", "matched_with_variance"), (1, "o1", "matched_with_variance")]


def test_orders_settled_together_are_used_up_on_the_next_day(tmp_path):
    orders = [owed("o1", "60"), owed("o2", "40")]
    first = run(tmp_path / "1", [paid(1)], orders, source=source(BASKET))
    given = {
        "claims": inherited([first]),
        "day": NEXT_DAY,
        "as_of": NEXT_AS_OF,
        "source": source(BASKET),
    }
    lines = [paid(1, "60", psp=None, merchant_reference="o1", archive_id=B, settlement_date=NEXT_DAY)]
    second = run(tmp_path / "2", lines, orders, **given)
    assert facts(second) == [(1, "o1", "duplicate")]
    assert codes(second.line(1, B)) == ["SETTLED_BEFORE"]


def test_a_refund_of_an_order_settled_in_parts_is_held_to_the_order(tmp_path):
    lines = [paid(1, "60"), paid(2, "40"), give_back(3, original_reference="c1"), give_back(4, original_reference="c1")]
    result = run(tmp_path, lines, [owed("o1", status="REFUNDED")], source=source(PARTS))
    assert [result.line(n)["order_id"] for n in (3, 4)] == ["o1", "o1"]
    assert codes(result.line(3)) == ["EXCEEDS_ORIGINAL"]


def test_a_used_up_order_is_in_no_group(tmp_path):
    result = run(tmp_path, [paid(1, "60"), paid(2, "40")], [owed("o1")], source=source(PARTS), claims=[claim("o1", 9)])
    assert {row["outcome"] for row in result.rows} == {"duplicate"}


# Choices among a group


def test_some_lines_that_alone_add_up_are_taken_and_the_rest_is_one_too_many(tmp_path):
    lines = [paid(1, "60"), paid(2, "25"), paid(3, "40")]
    result = run(tmp_path, lines, [owed("o1")], source=source(SOME))
    assert [result.outcome(n) for n in (1, 2, 3)] == ["matched_with_variance", "duplicate", "matched_with_variance"]
    assert result.line(1)["reasons"][0]["got"] == "aaaaaaaa:1 + aaaaaaaa:3"
    assert result.line(2)["order_id"] == "o1"


def test_some_orders_that_alone_add_up_are_taken_and_the_rest_goes_on_waiting(tmp_path):
    rule = {**BASKET, "subset_sum": {"max_items": 6}}
    orders = [owed("o1", "60"), owed("o2", "25"), owed("o3", "40")]
    result = run(tmp_path, [paid(1)], orders, source=source(rule))
    assert facts(result) == [
        (1, None, "matched_with_variance"), (None, "o1", "matched_with_variance"),
        (None, "o2", "missing_in_settlement"), (None, "o3", "matched_with_variance"),
    ]  # fmt: skip


def test_two_choices_that_fit_are_ambiguous_and_both_are_named(tmp_path):
    lines = [paid(1, "60"), paid(2, "40"), paid(3, "40")]
    result = run(tmp_path, lines, [owed("o1")], source=source(SOME))
    assert facts(result) == [
        (1, None, "ambiguous"),
        (2, None, "ambiguous"),
        (3, None, "ambiguous"),
        (None, "o1", "ambiguous"),
    ]
    for row in result.rows:
        assert codes(row) == ["SEVERAL_SUMS_FIT"]
        assert row["reasons"][0]["got"] == "aaaaaaaa:1 + aaaaaaaa:2 | aaaaaaaa:1 + aaaaaaaa:3"
    rule = {**BASKET, "subset_sum": {"max_items": 6}}
    orders = [owed("o1", "60"), owed("o2", "40"), owed("o3", "40")]
    result = run(tmp_path / "orders", [paid(1)], orders, source=source(rule))
    assert [row["outcome"] for row in result.rows] == ["ambiguous"] * 4
    assert result.line(1)["reasons"][0]["got"] == "o1 + o2 | o1 + o3"


def test_a_choice_and_one_line_alone_that_both_fit_are_ambiguous(tmp_path):
    result = run(tmp_path, [paid(1), paid(2, "60"), paid(3, "40")], [owed("o1")], source=source(SOME))
    assert {row["outcome"] for row in result.rows} == {"ambiguous"}


def test_the_empty_choice_is_none_however_large_the_tolerance(tmp_path):
    rule = {**SOME, "amount_tolerance": {"PEN": "5"}}
    lines = [paid(1, "50"), paid(2, "60")]
    result = run(tmp_path, lines, [owed("o1", "3")], source=source(rule))
    assert {row["outcome"] for row in result.rows} == {"duplicate"}


def test_more_lines_than_are_tried_stay_duplicates(tmp_path):
    lines = [paid(n, "10") for n in range(1, 8)] + [paid(8, "30")]
    result = run(tmp_path, lines, [owed("o1")], source=source({**SOME, "subset_sum": {"max_items": 7}}))
    assert {row["outcome"] for row in result.rows} == {"duplicate"}


def test_as_many_lines_as_a_source_may_ask_for_are_tried_in_all_choices(tmp_path):
    lines = [paid(n, str(2**n)) for n in range(1, MOST_ITEMS + 1)]
    widest = {**SOME, "subset_sum": {"max_items": MOST_ITEMS}}
    result = run(tmp_path, lines, [owed("o1", str(2**MOST_ITEMS + 2**7 + 2))], source=source(widest))
    assert [row["line_no"] for row in result.rows if row["outcome"] == "matched_with_variance"] == [1, 7, MOST_ITEMS]


def test_a_pass_sees_only_what_the_ones_before_it_left(tmp_path):
    exact = {**SOME, "name": "some_exact"}
    near = {**SOME, "name": "some_near", "amount_tolerance": {"PEN": "1"}}
    lines = [paid(1, "60"), paid(2, "40"), paid(3, "39.50")]
    first = run(tmp_path / "1", lines, [owed("o1")], source=source(exact, near))
    assert [first.outcome(n) for n in (1, 2, 3)] == ["matched_with_variance", "matched_with_variance", "duplicate"]
    second = run(tmp_path / "2", lines, [owed("o1")], source=source(near, exact))
    assert {row["outcome"] for row in second.rows} == {"ambiguous"}


def test_order_of_rows_and_files_changes_nothing_in_groups(tmp_path):
    lines = [
        paid(1, "60"),
        paid(2, "25"),
        paid(3, "40", archive_id=B),
        paid(4, "30", psp="c2"),
        paid(5, "70", psp="c2"),
    ]
    orders = [owed("o1"), owed("o2", psp="c2"), owed("o3", "10", psp="c2")]
    one = run(tmp_path / "1", lines, orders, source=source(PARTS, SOME, BASKET))
    other = run(tmp_path / "2", lines[::-1], orders[::-1], source=source(PARTS, SOME, BASKET), split=2)
    assert one.digests == other.digests


@st.composite
def crowded(draw):
    """Few references and amounts that often add up, so that passes and groups get in each other's way."""
    references, ids = st.sampled_from(["c1", "c1", "c2", "c3", None]), st.sampled_from(["o1", "o2", "o3", None, None])
    lines = [
        line(
            n, psp_reference=draw(references), merchant_reference=draw(ids),
            operation_reference=draw(st.sampled_from(["c2", "c3", None])),
            gross=draw(st.sampled_from(["100", "60", "40", "41", "25", "-40"])),
        )
        for n in range(1, draw(st.integers(1, 9)) + 1)
    ]  # fmt: skip
    orders = [
        order(f"o{n}", psp_reference=draw(references), amount=draw(st.sampled_from(["100", "60", "40"])))
        for n in range(1, draw(st.integers(1, 5)) + 1)
    ]
    return lines, orders


@settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(crowded())
def test_whatever_is_declared_no_record_is_in_two_matches_and_all_sums_hold(day):
    lines, orders = day
    near = [{**TOLERANT, "name": f"near_{by}", "by": f"{by}_reference"} for by in ("psp", "operation", "merchant")]
    many = {**BASKET, "name": "many", "by": "operation_reference", "subset_sum": {"max_items": 5}}
    with tempfile.TemporaryDirectory() as folder:
        rows = run(Path(folder), lines, orders, source=source(*near, PARTS, BASKET, SOME, many)).rows
    assert Counter(row["line_no"] for row in rows if row["line_no"]) == Counter(line["line_no"] for line in lines)
    alone = Counter(row["order_id"] for row in rows if not row["line_no"])
    assert set(alone.values()) <= {1}
    assert {row["order_id"] for row in rows} >= {row["order_id"] for row in orders}
    cleared = [row for row in rows if row["outcome"].startswith("matched")]
    assert sum(row["delta"] for row in cleared) == sum((r["got"] or 0) - (r["expected"] or 0) for r in cleared)
    for row in orders:
        mine = [each for each in cleared if each["order_id"] == row["order_id"]]
        assert len(mine) <= 1 or {each["pass"] for each in mine} <= {"parts", "some"}
        assert not mine or sum(each["expected"] for each in mine) == row["amount"]
        assert row["order_id"] not in alone or not any(each["line_no"] for each in mine)
