"""Declared passes: the built-in ones in a source's own order, and what a source adds to them."""

import tempfile
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cuadre.config import Source
from tests.matching.tiny import NEXT_AS_OF, NEXT_DAY, SOURCE, B, claim, codes, give_back, inherited, line, order, run

TOLERANT = {"name": "near", "by": "psp_reference", "amount_tolerance": {"PEN": "2"}}
PARTS = {"name": "parts", "by": "psp_reference", "group": "lines_to_order"}
BASKET = {"name": "basket", "by": "psp_reference", "group": "orders_to_line"}
SOME = {**PARTS, "name": "some", "subset_sum": {"max_items": 6}}


def source(*further, built_in=("psp_reference", "merchant_reference", "operation_reference"), **settlement):
    """The tiny source with further passes, without a tolerance or fees of its own."""
    settings = SOURCE.model_dump(by_alias=True, exclude_unset=True, mode="json")
    settings["settlement"] = {"lag_days": 1, **settlement}
    passes = [*built_in, *further, "merchant_reference_only"]
    return Source.model_validate({**settings, "fees": [], "matching": {"passes": passes}})


def paid(line_no, gross="100", psp="c1", **given):
    return line(line_no, psp_reference=psp, gross=gross, **given)


def owed(order_id, amount="100", psp="c1", **given):
    return order(order_id, psp_reference=psp, amount=amount, **given)


def facts(result):
    """What is said of each row: the line's number, the order, the outcome."""
    return [(row["line_no"], row["order_id"], row["outcome"]) for row in result.rows]


# The built-in passes


def test_the_operation_number_matches_an_order_that_was_noted_with_it(tmp_path):
    lines = [line(1, operation_reference="op77", psp_reference="c9"), line(2, operation_reference=None)]
    row = run(tmp_path, lines, [order("o1", psp_reference="op77"), order("o2")]).line(1)
    assert (row["outcome"], row["order_id"], row["pass"]) == ("matched_with_variance", "o1", "operation_reference")
    assert codes(row) == ["REFERENCE_DIFFERS"]


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"currency": "USD"}, "missing_in_orders"),
        ({"merchant_reference": "o9"}, "missing_in_orders"),
        ({"merchant_reference": "o2"}, "matched"),
        ({"gross": "90"}, "amount_mismatch"),
    ],
)
def test_the_operation_number_finds_nothing_across_currencies_or_against_the_line_s_own_word(tmp_path, given, outcome):
    lines = [line(1, **{"operation_reference": "op77", **given})]
    orders = [order("o1", psp_reference="op77"), order("o2")]
    row = run(tmp_path, lines, orders, source=source()).line(1)
    assert row["outcome"] == outcome
    assert row["pass"] == {"matched": "merchant_reference", "amount_mismatch": "operation_reference"}.get(outcome)


def test_several_lines_or_orders_of_one_operation_number_are_duplicates_or_ambiguous(tmp_path):
    lines = [line(n, operation_reference="op7") for n in (1, 2)] + [line(3, operation_reference="op8")]
    orders = [order("o1", psp_reference="op7"), order("o2", psp_reference="op8"), order("o3", psp_reference="op8")]
    result = run(tmp_path, lines, orders)
    assert [result.outcome(n) for n in (1, 2, 3)] == ["duplicate", "duplicate", "ambiguous"]
    assert {result.line(n)["reasons"][0]["field"] for n in (1, 3)} == {"operation_reference"}


def test_a_pass_that_is_not_declared_does_not_run(tmp_path):
    lines = [line(1, operation_reference="op7"), line(2, merchant_reference="o2")]
    orders = [order("o1", psp_reference="op7"), order("o2")]
    result = run(tmp_path, lines, orders, source=source(built_in=("psp_reference",)))
    assert (result.outcome(1), result.line(2)["pass"]) == ("missing_in_orders", "merchant_reference_only")


# Tolerance


@pytest.mark.parametrize(
    ("tolerance", "pairs"),
    [
        ({"amount_tolerance": {"PEN": "2"}}, {"102": True, "98": True, "102.01": False, "97.99": False}),
        ({"amount_tolerance": {"USD": "2"}}, {"101": False}),
        # Read as a fraction, half of it would do; money out is never money in, nor something nothing.
        ({"percent": "0.5", "of": "order"}, {"100.50": True, "100.51": False, "99.50": True, "99.49": False}),
        ({"percent": "10", "of": "line"}, {"111": True, "112": False}),  # a tenth of 111 is 11.1
        ({"percent": "10", "of": "order"}, {"110": True, "111": False}),
        ({"amount_tolerance": {"PEN": "500"}}, {"-100": False, "0": False, "1": True}),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_tolerance_holds_in_both_directions_and_for_either_sign(tmp_path, tolerance, pairs, sign):
    rule = {"name": "near", "by": "psp_reference", **tolerance}
    grosses = [sign * Decimal(gross) for gross in pairs]
    lines = [paid(n, gross, psp=f"c{n}") for n, gross in enumerate(grosses, 1)]
    orders = [owed(f"o{n}", sign * 100, psp=f"c{n}") for n in range(1, len(grosses) + 1)]
    result = run(tmp_path, lines, orders, source=source(rule))
    for row, gross, closed in zip(result.rows, grosses, pairs.values(), strict=True):
        expected = ("matched_with_variance", "near") if closed else ("amount_mismatch", "psp_reference")
        assert (row["outcome"], row["pass"]) == expected
        assert codes(row) == ["AMOUNT_WITHIN_TOLERANCE" if closed else "AMOUNT_DIFFERS"]
        assert row["delta"] == gross - sign * 100


def test_a_large_amount_is_compared_by_percent_to_the_last_digit(tmp_path):
    rule = {"name": "near", "by": "psp_reference", "percent": "0.000001", "of": "order"}
    lines = [paid(1, "999999999999.99"), paid(2, "500000005000.01", psp="c2")]
    orders = [owed("o1", "999999990000"), owed("o2", "500000000000", psp="c2")]
    result = run(tmp_path, lines, orders, source=source(rule))
    assert [result.outcome(n) for n in (1, 2)] == ["matched_with_variance", "amount_mismatch"]


def test_a_tolerance_never_closes_what_is_not_unique_or_not_comparable(tmp_path):
    lines = [
        paid(1), paid(2, "99"), paid(3, psp="c3"), paid(4, "101", psp="c4", currency="USD"),
        paid(5, "101", psp="c5"), paid(6, "101", psp="c6"), line(7, gross="101"),
    ]  # fmt: skip
    orders = [
        owed("o1"), owed("o2", psp="c3"), owed("o3", psp="c3"), owed("o4", psp="c4"),
        owed("o5", psp="c5", status="EXPIRED"), owed("o6", psp="c6"), order("o7"),
    ]  # fmt: skip
    result = run(tmp_path, lines, orders, source=source(TOLERANT), claims=[claim("o6", 9)])
    assert [result.outcome(n) for n in range(1, 8)] == [
        "duplicate", "duplicate", "ambiguous", "currency_mismatch", "amount_mismatch", "duplicate", "missing_in_orders",
    ]  # fmt: skip


@pytest.mark.parametrize("named", [None, "o1", "o2"])
def test_a_further_pass_does_not_choose_between_an_order_that_was_paid_and_one_that_was_not(tmp_path, named):
    orders = [owed("o1", "101"), owed("o2", "101", status="EXPIRED")]
    result = run(tmp_path, [paid(1, "101", merchant_reference=named)], orders, source=source(TOLERANT, PARTS, BASKET))
    assert (result.outcome(1), codes(result.line(1))) == ("ambiguous", ["SEVERAL_ORDERS"])


def test_a_further_pass_does_not_choose_between_an_order_cleared_before_and_one_that_is_open(tmp_path):
    orders, rules = [owed("o1", "101"), owed("o2", "101")], source(TOLERANT, PARTS, BASKET)
    result = run(tmp_path, [paid(1, "101")], orders, source=rules, claims=[claim("o1", 9)])
    assert (result.outcome(1), codes(result.line(1))) == ("ambiguous", ["SEVERAL_ORDERS"])


def test_blank_references_match_in_no_further_pass(tmp_path):
    rules = [{**TOLERANT, "name": f"near_{on}", "by": on} for on in ("psp_reference", "operation_reference")]
    lines = [line(1, psp_reference=" ", operation_reference=""), line(2, operation_reference=None)]
    result = run(tmp_path, lines, [owed("o1", psp=""), owed("o2", psp=None)], source=source(*rules, PARTS, BASKET))
    assert {result.outcome(1), result.outcome(2)} == {"missing_in_orders"}


def test_a_line_that_names_another_order_is_left_alone(tmp_path):
    lines = [paid(1, "101", merchant_reference="o2")]
    result = run(tmp_path, lines, [owed("o1"), owed("o2", "101", psp=None)], source=source(TOLERANT))
    assert codes(result.line(1)) == ["REFERENCE_CONFLICT"]


def test_a_pass_on_one_reference_does_not_overrule_what_another_one_found(tmp_path):
    rule = {**TOLERANT, "by": "operation_reference"}
    lines = [paid(1, "90", operation_reference="op7"), paid(2, "90", psp="c3", operation_reference="op8")]
    orders = [owed("o1"), owed("o2", psp="op7"), owed("o3", "90", psp="op8")]
    result = run(tmp_path, lines, orders, source=source(rule))
    assert (result.outcome(1), result.order("o2")["outcome"]) == ("amount_mismatch", "missing_in_settlement")
    assert (result.outcome(2), result.line(2)["order_id"]) == ("matched_with_variance", "o3")


# Business days


@pytest.mark.parametrize(("paid_on", "taken"), [(27, True), (26, True), (25, False), (28, True)])
def test_a_date_lag_is_directed_and_counts_business_days(tmp_path, paid_on, taken):
    """DAY is Monday 2026-03-02; two business days before it is Thursday the 26th."""
    rule = {**TOLERANT, "date_lag": {"from": 0, "to": 2}}
    orders = [owed("o1", "101", paid_at=datetime(2026, 2, paid_on, 17, tzinfo=UTC))]
    weekly = source(rule, calendar={"weekend": ["sat", "sun"]})
    assert (run(tmp_path / "weekly", [paid(1)], orders, source=weekly).line(1)["pass"] == "near") is taken
    daily = run(tmp_path / "daily", [paid(1)], orders, source=source(rule)).line(1)
    assert (daily["pass"] == "near") is (paid_on == 28)


def test_a_line_before_its_order_was_paid_is_outside_a_forward_lag(tmp_path):
    rule = {**TOLERANT, "date_lag": {"from": 0, "to": 5}}
    orders = [owed("o1", "101", paid_at=datetime(2026, 3, 3, 17, tzinfo=UTC))]
    assert run(tmp_path, [paid(1)], orders, source=source(rule)).outcome(1) == "amount_mismatch"


def test_a_date_lag_tells_two_orders_of_one_reference_apart(tmp_path):
    rule = {"name": "dated", "by": "psp_reference", "date_lag": {"from": 0, "to": 1}}
    orders = [owed("o1"), owed("o2", paid_at=datetime(2026, 2, 20, 17, tzinfo=UTC))]
    result = run(tmp_path, [paid(1)], orders, source=source(rule))
    assert facts(result) == [(1, "o1", "matched"), (None, "o2", "missing_in_settlement")]
    assert result.line(1)["pass"] == "dated"


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
        "claims": inherited([first], tmp_path / "claims.parquet"),
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


def test_twelve_lines_are_tried_in_all_choices(tmp_path):
    lines = [paid(n, str(2**n)) for n in range(1, 13)]
    widest = {**SOME, "subset_sum": {"max_items": 12}}
    result = run(tmp_path, lines, [owed("o1", str(2**12 + 2**7 + 2))], source=source(widest))
    assert [row["line_no"] for row in result.rows if row["outcome"] == "matched_with_variance"] == [1, 7, 12]


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
