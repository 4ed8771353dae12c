"""Refunds, reversals and chargebacks of several days against one original, and originals of days ago."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.matching.tiny import DAY, A, B, claim, codes, day_by_day, give_back, line, order, run

REFUNDED = [order("o1", psp_reference="c1", status="REFUNDED")]
REFUNDED_UNLEARNED = [order("o1", status="REFUNDED")]
PAID = [line(1, psp_reference="c1")]


def test_a_refund_that_comes_again_in_another_archive_exceeds_what_was_paid(tmp_path):
    refund = give_back(2, original_reference="c1", operation_reference="r1")
    _, first, second = day_by_day(
        tmp_path,
        (PAID, [order("o1", psp_reference="c1")]),
        ([refund], REFUNDED),
        ([refund | {"archive_id": B}], REFUNDED),
    )
    assert first.outcome(2) == "matched"
    row = second.line(2, B)
    assert (row["outcome"], codes(row), row["delta"]) == (
        "amount_mismatch",
        ["EXCEEDS_ORIGINAL", "CLAIMED_BY_SEVERAL_LINES", "SETTLED_BEFORE"],
        Decimal(-100),
    )
    assert [reason["expected"] for reason in row["reasons"]] == ["100.000000", "1", str(DAY + timedelta(days=1))]


def test_partial_refunds_of_several_days_are_right_until_they_exceed_what_was_paid(tmp_path):
    part = [give_back(n, original_reference="o1", gross="-40") for n in (2, 3, 4)]
    results = day_by_day(tmp_path, (PAID, REFUNDED), *(([each], REFUNDED) for each in part))
    assert [results[n].outcome(n + 1) for n in (1, 2, 3)] == ["matched", "matched", "amount_mismatch"]
    assert results[3].line(4)["delta"] == Decimal(-20)


def test_a_return_that_comes_up_again_counts_once(tmp_path):
    still_paid = [order("o1", psp_reference="c1")]
    refund = give_back(2, original_reference="o1")
    results = day_by_day(tmp_path, (PAID, still_paid), ([refund], still_paid), ([], still_paid), ([], REFUNDED))
    assert [each.outcome(2) for each in results[1:]] == ["status_mismatch", "status_mismatch", "matched"]


def test_parts_of_several_days_that_give_all_back_contradict_an_order_that_is_still_paid(tmp_path):
    still_paid = [order("o1", psp_reference="c1")]
    halves = [give_back(n, original_reference="o1", gross="-50") for n in (2, 3)]
    _, first, second = day_by_day(tmp_path, (PAID, still_paid), *(([each], still_paid) for each in halves))
    assert (first.outcome(2), second.outcome(3)) == ("matched", "status_mismatch")


def returned(line_no, day, line_type="REFUND", **given):
    """A claim: a return of the order o1 on another day."""
    row = {"order_id": "o1", "archive_id": B, "line_no": line_no, "settlement_date": day, "line_type": line_type}
    return row | {"currency": "PEN", "gross": Decimal(-100)} | given


@pytest.mark.parametrize(
    ("claim", "outcome"),
    [
        (returned(9, DAY - timedelta(days=1)), "amount_mismatch"),
        (returned(9, DAY), "matched"),
        (returned(9, DAY + timedelta(days=1)), "matched"),
        (returned(9, DAY - timedelta(days=1), order_id="o2"), "matched"),
        (returned(2, DAY - timedelta(days=1), archive_id=A), "matched"),
    ],
    ids=["earlier", "same day", "later", "other order", "same line"],
)
def test_only_other_lines_of_earlier_days_count(tmp_path, claim, outcome):
    lines = [line(1, psp_reference="c1"), give_back(2, original_reference="o1")]
    result = run(tmp_path, lines, REFUNDED, claims=[claim])
    assert (result.outcome(1), result.outcome(2)) == ("matched", outcome)


def test_what_was_given_back_in_another_currency_is_held_against_the_payment_and_not_against_returns(tmp_path):
    lines = [line(1, psp_reference="c1"), give_back(2, original_reference="o1")]
    result = run(tmp_path, lines, REFUNDED, claims=[returned(9, DAY - timedelta(days=1), currency="USD")])
    assert (result.outcome(1), result.outcome(2)) == ("amount_mismatch", "matched")


def test_a_reversed_chargeback_without_a_chargeback_is_money_nobody_is_owed(tmp_path):
    row = run(
        tmp_path, [give_back(1, "CHARGEBACK_REVERSAL", original_reference="o1", gross="500")], [order("o1")]
    ).line(1)
    assert (row["outcome"], codes(row), row["delta"]) == ("amount_mismatch", ["EXCEEDS_ORIGINAL"], Decimal(-500))


def test_a_reversed_chargeback_makes_no_room_for_a_refund_of_too_much(tmp_path):
    lines = [
        give_back(1, original_reference="o1", gross="-200"),
        give_back(2, "CHARGEBACK_REVERSAL", original_reference="o1", gross="100"),
    ]
    result = run(tmp_path, lines, REFUNDED)
    assert [(result.outcome(n), result.line(n)["delta"]) for n in (1, 2)] == [("amount_mismatch", Decimal(-100))] * 2


def test_a_chargeback_of_an_earlier_day_is_reversed_once(tmp_path):
    won_back = give_back(3, "CHARGEBACK_REVERSAL", original_reference="o1", gross="100")
    charged = order("o1", psp_reference="c1", status="REVERSED")
    results = day_by_day(
        tmp_path,
        (PAID, [order("o1", psp_reference="c1")]),
        ([give_back(2, "CHARGEBACK", original_reference="o1")], [charged]),
        ([won_back], [charged]),
        ([won_back | {"archive_id": B}], [charged]),
    )
    assert [results[1].outcome(2), results[2].outcome(3)] == ["matched", "matched"]
    assert results[3].line(3, B)["outcome"] == "duplicate"


def test_a_refund_finds_the_order_that_was_paid_under_its_reference_days_ago_and_never_learned_it(tmp_path):
    unlearned = REFUNDED_UNLEARNED
    paid = [line(1, psp_reference="c1", merchant_reference="o1")]
    parts = [give_back(n, original_reference="c1", gross="-60") for n in (2, 3)]
    results = day_by_day(tmp_path, (paid, unlearned), *(([part], unlearned) for part in parts))
    rows = [each.line(n) for n, each in enumerate(results, start=1)]
    assert [(row["outcome"], row["order_id"]) for row in rows[:2]] == [("matched", "o1")] * 2
    assert (rows[2]["outcome"], codes(rows[2]), rows[2]["delta"]) == ("amount_mismatch", ["EXCEEDS_ORIGINAL"], -20)


def test_the_operation_number_that_paid_an_order_is_not_what_its_payment_is_known_by(tmp_path):
    paid = [line(1, psp_reference="c1", operation_reference="p1", merchant_reference="o1")]
    refund = give_back(2, original_reference="p1")
    _, second = day_by_day(tmp_path, (paid, [order("o1")]), ([refund], REFUNDED))
    assert second.outcome(2) == "unlinked"


def test_a_refund_of_a_reference_under_which_two_orders_were_paid_is_ambiguous(tmp_path):
    orders = [order("o1", status="REFUNDED"), order("o2", status="REFUNDED")]
    paid = [line(n, psp_reference="c1", merchant_reference=f"o{n}") for n in (1, 2)]
    _, _, third = day_by_day(
        tmp_path, (paid[:1], orders), (paid[1:], orders), ([give_back(3, original_reference="c1")], orders)
    )
    row = third.line(3)
    assert (row["outcome"], row["order_id"], codes(row)) == ("ambiguous", None, ["SEVERAL_ORDERS"])
    assert row["reasons"][0]["got"] == "o1, o2"


def test_an_order_that_carries_the_reference_another_was_paid_under_makes_a_refund_ambiguous(tmp_path):
    paid = [line(1, psp_reference="c1", merchant_reference="o1")]
    later = [order("o1", status="REFUNDED"), order("o2", psp_reference="c1", status="REFUNDED")]
    _, second = day_by_day(tmp_path, (paid, later[:1]), ([give_back(2, original_reference="c1")], later))
    assert second.outcome(2) == "ambiguous"


def test_an_order_paid_days_ago_that_the_snapshot_has_no_more_is_no_original(tmp_path):
    paid = [line(1, psp_reference="c1", merchant_reference="o1")]
    _, second = day_by_day(tmp_path, (paid, [order("o1")]), ([give_back(2, original_reference="c1")], []))
    assert second.outcome(2) == "unlinked"


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_only_what_was_paid_on_earlier_days_leads_to_an_order(tmp_path, days):
    paid = claim("o1", 9, day=DAY + timedelta(days=days)) | {"psp_reference": "c1"}
    result = run(tmp_path, [give_back(2, original_reference="c1")], REFUNDED_UNLEARNED, claims=[paid])
    assert result.outcome(2) == ("matched" if days < 0 else "unlinked")


@pytest.mark.parametrize(
    "named",
    [
        {"original_reference": "c1"},
        {"psp_reference": "c1", "merchant_reference": "o1"},
        {"psp_reference": "r1", "merchant_reference": "c1"},
        {"original_reference": "\u200b", "psp_reference": "c1"},
    ],
)
def test_refunds_of_several_days_of_a_payment_without_an_order_exceed_it_together(tmp_path, named):
    parts = [give_back(n, gross="-60", **named) for n in (2, 3)]
    _, first, second = day_by_day(tmp_path, (PAID, []), *(([part], []) for part in parts))
    assert (first.outcome(2), first.line(2)["order_id"]) == ("matched", None)
    row = second.line(3)
    assert (row["outcome"], codes(row), row["delta"]) == ("amount_mismatch", ["EXCEEDS_ORIGINAL"], -20)


def test_refunds_of_payments_without_orders_count_for_their_own_payment_only(tmp_path):
    paid = [line(n, psp_reference=f"c{n}") for n in (1, 2)]
    parts = [give_back(n, original_reference=f"c{n - 2}", gross="-60") for n in (3, 4)]
    _, _, third = day_by_day(tmp_path, (paid, []), (parts[:1], []), (parts[1:], []))
    assert third.outcome(4) == "matched"


@pytest.mark.parametrize("learned", [{"psp_reference": "c1"}, {"psp_reference": None}], ids=["learned", "unlearned"])
@pytest.mark.parametrize("reference", ["c1", "o1"])
def test_what_was_given_back_before_the_order_was_known_counts_for_the_order(tmp_path, learned, reference):
    paid = [line(1, psp_reference="c1", merchant_reference="o1")]
    parts = [
        give_back(2, original_reference="c1", gross="-60"),
        give_back(3, original_reference=reference, gross="-60"),
    ]
    found = [order("o1", status="REFUNDED", **learned)]
    results = day_by_day(tmp_path, (paid, []), (parts[:1], []), ([], found), (parts[1:], found))
    assert (results[0].outcome(1), results[1].outcome(2)) == ("missing_in_orders", "matched")
    assert results[2].line(1)["order_id"] == "o1"
    row = results[3].line(3)
    assert (row["outcome"], row["order_id"], row["delta"]) == ("amount_mismatch", "o1", -20)


def test_a_chargeback_of_a_payment_without_an_order_is_won_back_on_a_later_day(tmp_path):
    charged = give_back(2, "CHARGEBACK", original_reference="c1")
    won = [give_back(n, "CHARGEBACK_REVERSAL", original_reference="c1", gross="100") for n in (3, 4)]
    results = day_by_day(tmp_path, (PAID, []), ([charged], []), *(([each], []) for each in won))
    assert [each.outcome(n) for n, each in enumerate(results[1:], start=2)] == ["matched", "matched", "amount_mismatch"]
