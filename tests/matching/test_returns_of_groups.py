"""Payments of several orders, or in several parts: what is given back of them, and what must not be."""

import pytest

from tests.matching.declared import BASKET, PARTS, gave, outcomes, over_days, owed, paid, source
from tests.matching.tiny import codes, run

TOGETHER = [owed("o1", "60"), owed("o2", "40")]


def given_back(*psp):
    return [
        owed(name, amount, psp=reference, status="REFUNDED")
        for name, amount, reference in zip(("o1", "o2"), ("60", "40"), psp, strict=True)
    ]


def of_order(line_no, gross, order_id):
    return gave(line_no, "REFUND", gross, f"r{line_no}", original_reference=order_id)


def tolerant(rule):
    return source({**rule, "amount_tolerance": {"PEN": "2"}})


@pytest.mark.parametrize("kept", [(None, "c1"), ("c1", None), (None, None)])
def test_a_refund_of_a_payment_of_several_orders_is_believed_of_none_though_one_forgot_it(tmp_path, kept):
    days = ([paid(1)], TOGETHER), ([gave(2, "REFUND", "-40", "r1")], given_back(*kept))
    row = over_days(tmp_path, *days, rules=source(BASKET))[1].line(2, "1" * 64)
    assert (row["outcome"], codes(row), row["reasons"][0]["got"]) == ("ambiguous", ["SEVERAL_ORDERS"], "o1, o2")


def test_a_refund_of_a_copy_of_a_payment_of_several_orders_is_believed_of_none(tmp_path):
    copied = paid(2, operation_reference="op1")
    lines = [copied, gave(3, "REFUND", "-100", "r1"), of_order(4, "-60", "o1")]
    days = ([paid(1)], TOGETHER), (lines, given_back(None, None))
    assert outcomes(over_days(tmp_path, *days, rules=source(BASKET))[1], 1) == ["duplicate", "ambiguous", "matched"]


@pytest.mark.parametrize("days", [1, 2])
def test_orders_that_were_paid_less_together_are_given_back_no_more_together(tmp_path, days):
    refunds = [of_order(2, "-60", "o1"), of_order(3, "-40", "o2")]
    history = [([paid(1, "98")], TOGETHER), (refunds, given_back("c1", "c1"))]
    if days == 1:
        history = [([paid(1, "98"), *refunds], given_back("c1", "c1"))]
    last = over_days(tmp_path, *history, rules=tolerant(BASKET))[-1]
    rows = [last.line(number, f"{days - 1}" * 64) for number in (2, 3)]
    assert [(row["outcome"], row["delta"]) for row in rows] == [("matched", None), ("amount_mismatch", -2)]


def test_orders_that_were_paid_together_in_full_can_be_given_back_in_full(tmp_path):
    refunds = [of_order(2, "-60", "o1"), of_order(3, "-40", "o2")]
    days = ([paid(1)], TOGETHER), (refunds, given_back("c1", "c1"))
    assert outcomes(over_days(tmp_path, *days, rules=tolerant(BASKET))[1], 1) == ["matched", "matched"]


@pytest.mark.parametrize("days", [1, 2])
def test_an_order_that_was_paid_less_in_parts_is_given_back_no_more(tmp_path, days):
    parts, refund = [paid(1, "49"), paid(2, "49")], of_order(3, "-100", "o1")
    history = [(parts, [owed("o1")]), ([refund], [owed("o1", status="REFUNDED")])]
    if days == 1:
        history = [([*parts, refund], [owed("o1", status="REFUNDED")])]
    row = over_days(tmp_path, *history, rules=tolerant(PARTS))[-1].line(3, f"{days - 1}" * 64)
    assert (row["outcome"], row["delta"]) == ("amount_mismatch", -2)


def test_the_rows_of_orders_that_were_paid_together_name_the_line_and_add_up_to_it(tmp_path):
    result = run(tmp_path, [paid(1, "98")], TOGETHER, source=tolerant(BASKET))
    line, *orders = result.rows
    assert (line["got"], line["order_id"], line["delta"]) == (98, None, 0)
    assert sum(each["expected"] + each["delta"] for each in orders) == 98
    assert {(each["archive_id"], each["psp_reference"], each["operation_reference"]) for each in orders} == {
        (None, "c1", "op1")
    }


@pytest.mark.parametrize(
    ("rule", "lines", "orders", "refund", "broken"),
    [
        (PARTS, [paid(1, "49"), paid(2, "49")], [owed("o1", status="REFUNDED")], of_order(9, "-100", "o1"), {"o1"}),
        (BASKET, [paid(1, "98")], given_back("c1", "c1"), of_order(9, "-40", "o2"), {"o2"}),
    ],
    ids=["parts", "basket"],
)
def test_an_order_paid_in_a_group_of_which_more_was_given_back_before_is_a_break(
    tmp_path, rule, lines, orders, refund, broken
):
    waiting = [each | {"due_at": None} for each in orders]
    _, last = over_days(tmp_path, ([refund], waiting), (lines, waiting), rules=tolerant(rule))
    rows = [row for row in last.rows if row["line_type"] != "REFUND"]
    assert {row["order_id"] for row in rows if "EXCEEDS_ORIGINAL" in codes(row)} == broken
    assert {row["outcome"] for row in rows if row["order_id"] in broken} == {"amount_mismatch"}
