"""Refunds, reversals and chargebacks against their originals, on one day."""

from decimal import Decimal

import pytest

from tests.matching.tiny import codes, give_back, line, order, run

RETURNS = ["REFUND", "REVERSAL", "CHARGEBACK", "CHARGEBACK_REVERSAL"]


@pytest.mark.parametrize("line_type", RETURNS)
def test_a_return_without_a_known_original_is_unlinked(tmp_path, line_type):
    row = run(tmp_path, [give_back(1, line_type, original_reference="c9")], []).line(1)
    assert (row["outcome"], codes(row), row["order_id"]) == ("unlinked", ["ORIGINAL_NOT_FOUND"], None)
    assert (row["expected"], row["got"], row["delta"], row["pass"]) == (None, -100, None, None)


@pytest.mark.parametrize("reference", ["c1", "o1"])
def test_a_return_finds_its_order_by_psp_reference_or_order_id(tmp_path, reference):
    lines = [line(1, psp_reference="c1"), give_back(2, original_reference=reference, gross="-40")]
    row = run(tmp_path, lines, [order("o1", psp_reference="c1")]).line(2)
    assert (row["outcome"], row["order_id"], row["pass"]) == ("matched", "o1", "original_reference")
    assert (row["expected"], row["got"], row["delta"], row["reasons"]) == (None, -40, None, [])


def test_a_payment_line_alone_is_an_original(tmp_path):
    lines = [line(1, psp_reference="c1"), give_back(2, original_reference="c1")]
    row = run(tmp_path, lines, []).line(2)
    assert (row["outcome"], row["order_id"], row["pass"]) == ("matched", None, "original_reference")


def test_the_order_of_the_payment_line_is_the_original_even_when_it_never_took_money(tmp_path):
    lines = [line(1, psp_reference="c1"), give_back(2, original_reference="c1")]
    row = run(tmp_path, lines, [order("o1", psp_reference="c1", status="EXPIRED")]).line(2)
    assert (row["outcome"], row["order_id"]) == ("matched", "o1")


def test_an_order_that_took_no_money_is_no_original_by_itself(tmp_path):
    lines = [give_back(1, original_reference="c1")]
    assert run(tmp_path, lines, [order("o1", psp_reference="c1", status="EXPIRED")]).outcome(1) == "unlinked"


@pytest.mark.parametrize(
    "references",
    [{"psp_reference": "c1"}, {"merchant_reference": "o1"}, {"psp_reference": "new", "merchant_reference": "o1"}],
)
def test_without_an_original_reference_a_return_falls_back_on_its_own(tmp_path, references):
    lines = [give_back(1, gross="-1", **references)]
    assert run(tmp_path, lines, [order("o1", psp_reference="c1")]).line(1)["order_id"] == "o1"


def test_an_original_reference_that_finds_nobody_does_not_fall_back(tmp_path):
    lines = [give_back(1, original_reference="c9", psp_reference="c1")]
    assert run(tmp_path, lines, [order("o1", psp_reference="c1")]).outcome(1) == "unlinked"


def test_a_return_in_another_currency_is_a_currency_mismatch(tmp_path):
    lines = [give_back(1, original_reference="o1", currency="USD", gross="-500")]
    row = run(tmp_path, lines, [order("o1")]).line(1)
    assert (row["outcome"], codes(row), row["delta"]) == ("currency_mismatch", ["CURRENCY_DIFFERS"], None)


def test_returns_that_together_exceed_the_original_are_all_wrong(tmp_path):
    lines = [
        give_back(1, original_reference="c1", gross="-60"),
        give_back(2, "CHARGEBACK", original_reference="o1", gross="-50"),
    ]
    result = run(tmp_path, lines, [order("o1", psp_reference="c1", status="REFUNDED")])
    for n in (1, 2):
        row = result.line(n)
        assert (row["outcome"], codes(row), row["delta"]) == ("amount_mismatch", ["EXCEEDS_ORIGINAL"], Decimal(-10))


def test_a_reversed_chargeback_takes_back_what_the_chargeback_gave(tmp_path):
    lines = [
        give_back(1, "CHARGEBACK", original_reference="o1", gross="-100"),
        give_back(2, "CHARGEBACK_REVERSAL", original_reference="o1", gross="100"),
        give_back(3, original_reference="o1", gross="-30"),
    ]
    result = run(tmp_path, lines, [order("o1")])
    assert [result.outcome(n) for n in (1, 2, 3)] == ["matched"] * 3


@pytest.mark.parametrize(
    ("line_type", "expected"), [("REFUND", "REFUNDED"), ("REVERSAL", "REVERSED"), ("CHARGEBACK", "REVERSED")]
)
def test_a_full_return_contradicts_an_order_that_is_still_paid(tmp_path, line_type, expected):
    lines = [give_back(n, line_type, original_reference="o1", gross="-50") for n in (1, 2)]
    result = run(tmp_path, lines, [order("o1")])
    for n in (1, 2):
        row = result.line(n)
        assert (row["outcome"], codes(row), row["delta"]) == ("status_mismatch", ["STATUS_DIFFERS"], None)
        assert (row["reasons"][0]["expected"], row["reasons"][0]["got"]) == (expected, "PAID")


@pytest.mark.parametrize("status", ["PAID", "REFUNDED"])
def test_a_partial_refund_fits_a_paid_and_a_refunded_order(tmp_path, status):
    lines = [give_back(1, original_reference="o1", gross="-50")]
    assert run(tmp_path, lines, [order("o1", status=status)]).outcome(1) == "matched"


def test_too_much_on_a_paid_order_keeps_both_reasons(tmp_path):
    row = run(tmp_path, [give_back(1, original_reference="o1", gross="-101")], [order("o1")]).line(1)
    assert (row["outcome"], codes(row)) == ("amount_mismatch", ["EXCEEDS_ORIGINAL", "STATUS_DIFFERS"])


def test_a_return_whose_reference_two_orders_carry_is_ambiguous(tmp_path):
    lines = [give_back(1, original_reference="c1")]
    row = run(tmp_path, lines, [order("o1", psp_reference="c1"), order("o2", psp_reference="c1")]).line(1)
    assert (row["outcome"], codes(row), row["order_id"]) == ("ambiguous", ["SEVERAL_ORDERS"], None)


def test_a_return_does_not_use_an_order_up(tmp_path):
    result = run(tmp_path, [give_back(1, original_reference="o1", gross="-1")], [order("o1")])
    assert result.order("o1")["outcome"] == "missing_in_settlement"
