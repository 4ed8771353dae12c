"""Mistakes that matching engines are known to make, each with the day on which it would show."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cuadre.config.matching import Matching
from cuadre.config.source import FeePlan
from cuadre.model.columns import BANK_CREDITS, LINES, ORDERS
from cuadre.model.errors import ConfigurationError
from cuadre.pipeline.reconcile import reconcile
from tests.matching.tiny import AS_OF, NEXT_DAY, SOURCE, B, codes, line, order, run, write


def declared(*passes):
    """The source with further passes, declared as in a source file."""
    names = ["psp_reference", "merchant_reference", "operation_reference"]
    matching = Matching.model_validate({"passes": [*names, *passes, "merchant_reference_only"]})
    return SOURCE.model_copy(update={"matching": matching})


PERCENT = {"name": "near", "by": "psp_reference", "percent": "0.5", "of": "order"}
PARTS = {"name": "parts", "by": "psp_reference", "group": "lines_to_order"}


def test_a_fee_plans_percent_is_never_read_as_a_fraction(tmp_path):
    row = run(tmp_path, [line(1, psp_reference="c1")], [order("o1", psp_reference="c1")]).line(1)
    assert (row["outcome"], row["reasons"]) == ("matched", []), "3.99 % of 100 is 3.99"
    with pytest.raises(ValueError, match="percent is percent"):
        FeePlan.model_validate({"currency": "PEN", "valid_from": "2026-01-01", "percent": "0.0399"})


def test_a_tolerances_percent_is_never_read_as_a_fraction(tmp_path):
    got = ["100.50", "99.50", "100.51", "99.49", "150"]
    assert outcomes(tmp_path, [("100", gross) for gross in got], declared(PERCENT)) == [
        "matched_with_variance", "matched_with_variance", "amount_mismatch", "amount_mismatch", "amount_mismatch",
    ]  # fmt: skip


def outcomes(folder, amounts, source):
    """The outcomes of pairs of an order's amount and its line's gross."""
    lines = [line(n, psp_reference=f"c{n}", gross=gross) for n, (_, gross) in enumerate(amounts, 1)]
    orders = [order(f"o{n}", psp_reference=f"c{n}", amount=amount) for n, (amount, _) in enumerate(amounts, 1)]
    result = run(folder, lines, orders, source=source)
    assert [row["delta"] for row in result.rows] == [Decimal(gross) - Decimal(amount) for amount, gross in amounts]
    return [row["outcome"] for row in result.rows]


@pytest.mark.parametrize("source", [SOURCE, declared(PERCENT)], ids=["money", "percent"])
def test_a_negative_amount_is_not_within_tolerance_of_a_positive_one(tmp_path, source):
    amounts = [("100", "-100"), ("100", "-100000"), ("0.04", "-0.04"), ("0", "-1"), ("-100", "100")]
    assert set(outcomes(tmp_path, amounts, source)) == {"amount_mismatch"}


@pytest.mark.parametrize("source", [SOURCE, declared(PERCENT)], ids=["money", "percent"])
def test_positive_drift_is_as_wrong_as_negative_drift(tmp_path, source):
    amounts = [("5", "5.06"), ("5", "4.94"), ("5", "5000"), ("5", "0")]
    assert outcomes(tmp_path, amounts, source) == ["amount_mismatch"] * 4


def test_many_small_drifts_in_one_direction_are_each_named_and_never_absorbed(tmp_path):
    lines = [line(n, psp_reference=f"c{n}", gross="100.05") for n in range(1, 21)]
    rows = run(tmp_path, lines, [order(f"o{n}", psp_reference=f"c{n}") for n in range(1, 21)]).rows
    assert {row["outcome"] for row in rows} == {"matched_with_variance"}
    assert sum(row["delta"] for row in rows) == sum(row["reasons"][0]["delta"] for row in rows) == 1


def test_a_group_is_not_starved_by_the_reference_pass_that_sees_its_members_first(tmp_path):
    lines = [line(1, psp_reference="c1", gross="60"), line(2, psp_reference="c1", gross="40")]
    orders = [order("o1", psp_reference="c1")]
    assert [row["outcome"] for row in run(tmp_path / "without", lines, orders).rows] == ["duplicate"] * 2
    rows = run(tmp_path / "with", lines, orders, source=declared(PARTS)).rows
    assert {row["pass"] for row in rows} == {"parts"}
    assert not {row["outcome"] for row in rows} & {"duplicate", "ambiguous", "missing_in_settlement"}


@pytest.mark.parametrize("subset_sum", [{}, {"subset_sum": {"max_items": 8}}], ids=["all", "some"])
def test_an_empty_subset_is_not_within_a_large_tolerance(tmp_path, subset_sum):
    tolerant = {"by": "psp_reference", "amount_tolerance": {"PEN": "1"}, **subset_sum}
    source = declared(
        {**tolerant, "name": "parts", "group": "lines_to_order"},
        {**tolerant, "name": "together", "group": "orders_to_line"},
    )
    lines = [
        line(1, psp_reference="c1", gross="100"),
        line(2, psp_reference="c1", gross="200"),
        line(3, psp_reference="c3", gross="0.5"),
    ]
    orders = [
        order("o1", psp_reference="c1", amount="0.5"),
        order("o2", psp_reference="c2", amount="0.5"),
        order("o3", psp_reference="c3", amount="100"),
        order("o4", psp_reference="c3", amount="200"),
    ]
    result = run(tmp_path, lines, orders, source=source)
    assert [result.outcome(n) for n in (1, 2, 3)] == ["duplicate", "duplicate", "ambiguous"]
    assert result.order("o2")["outcome"] == "missing_in_settlement"


def test_null_is_not_equal_to_null(tmp_path):
    blanks = [None, "", " ", "\u200b"]
    names = ("psp_reference", "merchant_reference", "operation_reference")
    lines = [line(n, **dict.fromkeys(names, blank)) for n, blank in enumerate(blanks, 1)]
    rows = run(tmp_path, lines, [order(f"o{n}", psp_reference=blank) for n, blank in enumerate(blanks)]).rows
    assert [row["outcome"] for row in rows] == ["missing_in_orders"] * 4 + ["missing_in_settlement"] * 4


def test_keys_are_not_joined_without_a_separator(tmp_path):
    lines = [line(1, psp_reference="1", merchant_reference="23"), line(2, psp_reference="12", merchant_reference="3")]
    result = run(tmp_path, lines, [order("3", psp_reference="99"), order("123", psp_reference="1")])
    assert [row["outcome"] for row in result.rows] == ["matched_with_variance"] * 2
    assert [result.line(n)["order_id"] for n in (1, 2)] == ["123", "3"]
    twins = [line(n, psp_reference=a, merchant_reference=b) for n, (a, b) in enumerate([("a", "bc"), ("ab", "c")], 1)]
    ids = {row["item_id"] for row in run(tmp_path / "ids", twins, []).rows}
    assert len(ids) == 2


def test_duplicates_are_not_paired_by_sort_order(tmp_path):
    lines = [line(n, psp_reference="c1", operation_reference=f"op{n}") for n in (1, 2)]
    orders = [order(f"o{n}", psp_reference="c1") for n in (1, 2)]
    assert {row["outcome"] for row in run(tmp_path / "two", lines, orders).rows} == {"ambiguous"}
    assert {row["outcome"] for row in run(tmp_path / "one", lines, orders[:1]).rows} == {"duplicate"}


def test_money_is_never_a_float(tmp_path):
    tenths = [line(n, psp_reference=f"c{n}", gross="0.1", fee="0", tax="0") for n in range(1, 4)]
    great = line(9, psp_reference="g", gross="999999999999.999999", archive_id=B)
    orders = [order(f"o{n}", psp_reference=f"c{n}", amount="0.1") for n in range(1, 4)]
    result = run(tmp_path, [*tenths, great], [*orders, order("o9", psp_reference="g", amount="999999999999.999998")])
    assert sum(row["got"] for row in result.rows if row["line_no"] != 9) == Decimal("0.3")
    assert (result.line(9, B)["delta"], result.line(9, B)["got"]) == (Decimal("0.000001"), great["gross"])


def test_a_difference_no_column_can_hold_is_refused_and_nothing_is_left(tmp_path):
    most = Decimal("999999999999.999999")
    with pytest.raises(ConfigurationError, match="does not fit"):
        run(
            tmp_path,
            [line(1, psp_reference="c1", gross=-most, fee=0, tax=0)],
            [order("o1", psp_reference="c1", amount=most)],
        )
    assert list((tmp_path / "out").iterdir()) == []


def test_one_record_is_in_no_two_matches(tmp_path):
    lines = [
        line(1, psp_reference="c1", merchant_reference="o1"),
        line(2, merchant_reference="o1"),
        line(3, operation_reference="c1"),
    ]
    rows = run(tmp_path, lines, [order("o1", psp_reference="c1")]).rows
    assert [row["outcome"] for row in rows] == ["matched", "missing_in_orders", "missing_in_orders"]
    assert codes(rows[1]) == ["ORDER_NOT_FOUND"]


def test_the_chain_to_the_bank_leaves_out_settled_pairs_and_never_records(tmp_path):
    lines = [
        line(1, psp_reference="c1", fee="0", tax="0"),
        line(2, psp_reference="c2", gross="70", fee="0", tax="0"),
        line(3, psp_reference="nobody", gross="30", fee="0", tax="0"),
        line(4, psp_reference="c4", gross="5", fee="0", tax="0"),
        line(5, psp_reference="c4", gross="5", fee="0", tax="0"),
        line(6, line_type="PAYOUT", gross="-210", fee="0", tax="0"),
    ]
    orders = [order("o1", psp_reference="c1"), order("o2", psp_reference="c2"), order("o4", psp_reference="c4")]
    credit = {"credit_id": "C1", "account": "main", "value_date": NEXT_DAY, "currency": "PEN", "reference": "B1"}
    report = reconcile(
        lines=write(tmp_path / "lines.parquet", LINES, lines),
        orders=write(tmp_path / "orders.parquet", ORDERS, orders),
        source=SOURCE,
        as_of=AS_OF,
        out=tmp_path / "out",
        bank_credits=write(tmp_path / "credits.parquet", BANK_CREDITS, [credit | {"amount": Decimal(210)}]),
    )
    found = {total.outcome: total.count for total in report.outcomes}
    assert found["amount_mismatch"] == found["missing_in_orders"] == 1
    assert found["duplicate"] == 2
    assert report.batches == {"balanced": 1}, "what is a break against the orders was paid out all the same"
