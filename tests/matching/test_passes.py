"""Declared passes: the built-in ones in a source's own order, and what a source adds to them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.matching.declared import BASKET, PARTS, TOLERANT, facts, owed, paid, source
from tests.matching.tiny import AS_OF, claim, codes, line, order, run

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
    assert [result.outcome(n) for n in (1, 2)] == ["missing_in_orders", "missing_in_orders"]


def test_the_pass_across_currencies_clears_nothing_in_place_of_one_that_is_not_declared(tmp_path):
    lag = {"name": "lag", "by": "merchant_reference", "date_lag": {"from": 0, "to": 3}}
    lines = [line(1, merchant_reference="o1"), line(2, merchant_reference="o2", currency="USD")]
    orders = [order("o1", paid_at=AS_OF - timedelta(days=20)), order("o2")]
    result = run(tmp_path, lines, orders, source=source(lag, built_in=("psp_reference",)))
    assert [result.outcome(n) for n in (1, 2)] == ["missing_in_orders", "currency_mismatch"]


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
