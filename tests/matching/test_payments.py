"""Payment lines that agree or not with the order they mean: reasons and their precedence, days, rows without a line."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.matching.tiny import SOURCE, B, codes, line, order, run


@pytest.mark.parametrize(("gross", "outcome"), [("99", "amount_mismatch"), ("101", "amount_mismatch")])
def test_a_difference_is_a_break_in_both_directions(tmp_path, gross, outcome):
    row = run(tmp_path, [line(1, merchant_reference="o1", gross=gross)], [order("o1")]).line(1)
    assert (row["outcome"], row["delta"]) == (outcome, Decimal(gross) - 100)
    assert row["reasons"][0]["delta"] == Decimal(gross) - 100


@pytest.mark.parametrize("gross", ["100.05", "99.95"])
def test_a_difference_up_to_the_tolerance_is_a_variance_and_is_named(tmp_path, gross):
    row = run(tmp_path, [line(1, merchant_reference="o1", gross=gross)], [order("o1")]).line(1)
    assert (row["outcome"], codes(row)) == ("matched_with_variance", ["AMOUNT_WITHIN_TOLERANCE"])
    assert row["delta"] == Decimal(gross) - 100


def test_negative_amounts_are_within_tolerance_like_positive_ones(tmp_path):
    lines = [line(1, merchant_reference="o1", gross="-100.03", fee="-3.99", tax="-0.72")]
    row = run(tmp_path, lines, [order("o1", amount="-100")]).line(1)
    assert (row["outcome"], codes(row)) == ("matched_with_variance", ["AMOUNT_WITHIN_TOLERANCE"])


def test_the_tolerance_is_an_amount_of_money_of_its_own_currency(tmp_path):
    lines = [line(1, merchant_reference="o1", currency="USD", gross="100.01")]
    row = run(tmp_path, lines, [order("o1", currency="USD")]).line(1)
    assert row["outcome"] == "amount_mismatch"


def test_the_contracts_percent_is_percent_and_not_a_fraction(tmp_path):
    row = run(tmp_path, [line(1, merchant_reference="o1", fee="399", tax="71.82")], [order("o1")]).line(1)
    assert (row["outcome"], codes(row)) == ("matched_with_variance", ["FEE_DIFFERS"])
    assert (row["reasons"][0]["expected"], row["reasons"][0]["got"]) == ("3.990000", "399.000000")


def test_tax_is_compared_with_the_contracts_share_of_the_fee_charged(tmp_path):
    row = run(tmp_path, [line(1, merchant_reference="o1", tax="0.73")], [order("o1")]).line(1)
    assert codes(row) == ["TAX_DIFFERS"]


def test_where_no_contract_applies_fee_and_tax_are_not_compared(tmp_path):
    lines = [line(1, merchant_reference="o1", currency="USD", fee="50")]
    assert run(tmp_path, lines, [order("o1", currency="USD")]).outcome(1) == "matched"


@pytest.mark.parametrize("status", ["CREATED", "PENDING", "EXPIRED", "CANCELLED"])
def test_a_payment_for_an_order_that_is_not_paid_is_a_status_mismatch(tmp_path, status):
    row = run(tmp_path, [line(1, merchant_reference="o1")], [order("o1", status=status)]).line(1)
    assert (row["outcome"], codes(row)) == ("status_mismatch", ["STATUS_DIFFERS"])
    assert (row["reasons"][0]["expected"], row["reasons"][0]["got"]) == ("PAID", status)


@pytest.mark.parametrize("status", ["PAID", "REFUNDED", "REVERSED"])
def test_a_payment_fits_every_status_in_which_money_was_taken(tmp_path, status):
    assert run(tmp_path, [line(1, merchant_reference="o1")], [order("o1", status=status)]).outcome(1) == "matched"


@pytest.mark.parametrize(
    ("due_at", "outcome"),
    [
        (datetime(2026, 3, 3, 4, 59, tzinfo=UTC), "matched_with_variance"),
        (datetime(2026, 3, 3, 5, 0, tzinfo=UTC), "matched"),
        (None, "matched"),
    ],
)
def test_late_is_judged_by_the_local_day_the_order_was_due(tmp_path, due_at, outcome):
    row = run(tmp_path, [line(1, merchant_reference="o1")], [order("o1", due_at=due_at)]).line(1)
    assert (row["outcome"], codes(row)) == (outcome, ["SETTLED_LATE"] if outcome != "matched" else [])


def test_a_second_reference_that_differs_is_a_variance(tmp_path):
    lines = [
        line(1, psp_reference="c1", merchant_reference="typo"),
        line(2, psp_reference="x", merchant_reference="o2"),
    ]
    result = run(tmp_path, lines, [order("o1", psp_reference="c1"), order("o2", psp_reference="c2")])
    for n, field in ((1, "merchant_reference"), (2, "psp_reference")):
        assert result.outcome(n) == "matched_with_variance"
        assert [(r["code"], r["field"]) for r in result.line(n)["reasons"]] == [("REFERENCE_DIFFERS", field)]


def test_all_reasons_are_kept_and_the_gravest_decides(tmp_path):
    lines = [line(1, psp_reference="x", merchant_reference="o1", gross="90", fee="9", tax="9")]
    due = datetime(2026, 3, 1, 12, tzinfo=UTC)
    row = run(tmp_path, lines, [order("o1", psp_reference="c1", status="EXPIRED", due_at=due)]).line(1)
    assert row["outcome"] == "amount_mismatch"
    assert codes(row) == [
        "AMOUNT_DIFFERS", "STATUS_DIFFERS", "FEE_DIFFERS", "TAX_DIFFERS", "SETTLED_LATE", "REFERENCE_DIFFERS",
    ]  # fmt: skip


def test_currency_outweighs_status(tmp_path):
    lines = [line(1, psp_reference="c1", currency="USD")]
    row = run(tmp_path, lines, [order("o1", psp_reference="c1", status="EXPIRED")]).line(1)
    assert (row["outcome"], codes(row)) == ("currency_mismatch", ["CURRENCY_DIFFERS", "STATUS_DIFFERS"])


@pytest.mark.parametrize("line_type", ["ADJUSTMENT", "FEE", "PAYOUT", "ROUNDING"])
def test_other_lines_are_not_orders(tmp_path, line_type):
    lines = [line(1, line_type=line_type, psp_reference="c1", gross="-7")]
    row = run(tmp_path, lines, []).line(1)
    assert (row["outcome"], row["reasons"], row["expected"], row["got"], row["delta"]) == (
        "not_an_order", [], None, -7, None,
    )  # fmt: skip


def test_unpaid_orders_without_a_line_have_no_row(tmp_path):
    orders = [order(s, status=s) for s in ("CREATED", "PENDING", "EXPIRED", "CANCELLED")]
    assert run(tmp_path, [], orders).rows == []


def test_a_paid_order_past_its_due_moment_is_missing_and_before_it_pending(tmp_path):
    orders = [
        order("due", due_at=datetime(2026, 3, 3, 12, 0, tzinfo=UTC)),
        order("not_yet", due_at=datetime(2026, 3, 3, 12, 0, 1, tzinfo=UTC)),
    ]
    result = run(tmp_path, [], orders)
    assert (result.order("due")["outcome"], codes(result.order("due"))) == ("missing_in_settlement", ["LINE_NOT_FOUND"])
    assert (result.order("not_yet")["outcome"], codes(result.order("not_yet"))) == ("pending", ["NOT_YET_DUE"])
    assert (result.order("due")["expected"], result.order("due")["got"], result.order("due")["delta"]) == (
        100,
        None,
        -100,
    )


@pytest.mark.parametrize(
    ("paid_at", "lag_days", "as_of_hour", "outcome"),
    [
        (datetime(2026, 3, 3, 4, 59, tzinfo=UTC), 1, 12, "missing_in_settlement"),
        (datetime(2026, 3, 3, 5, 0, tzinfo=UTC), 1, 12, "pending"),
        (datetime(2026, 3, 2, 17, 0, tzinfo=UTC), 1, 11, "pending"),
        (datetime(2026, 3, 2, 17, 0, tzinfo=UTC), 2, 12, "pending"),
        (datetime(2026, 3, 1, 17, 0, tzinfo=UTC), 2, 12, "missing_in_settlement"),
    ],
)
def test_without_a_due_moment_the_local_day_of_payment_and_the_lag_decide(
    tmp_path, paid_at, lag_days, as_of_hour, outcome
):
    settlement = SOURCE.settlement.model_copy(update={"lag_days": lag_days})
    source = SOURCE.model_copy(update={"settlement": settlement})
    as_of = datetime(2026, 3, 3, as_of_hour, tzinfo=UTC)
    result = run(tmp_path, [], [order("o1", due_at=None, paid_at=paid_at)], source=source, as_of=as_of)
    assert result.order("o1")["outcome"] == outcome


def test_items_are_known_by_their_order_or_by_what_the_line_says(tmp_path):
    lines = [line(1, psp_reference="c1"), line(2), line(3, operation_reference="op2"), line(4)]
    ids = [row["item_id"] for row in run(tmp_path, lines, [order("o1", psp_reference="c1")]).rows]
    assert len(set(ids)) == 4
    assert ids[0] == "order:o1"
    of_line = b'["PAYMENT",null,"op4",null,"PEN","100.000000"]'
    assert ids[3] == f"line:{hashlib.sha256(of_line).hexdigest()[:32]}:1"


def test_lines_that_say_the_same_are_numbered(tmp_path):
    lines = [line(n, operation_reference="op") for n in (1, 2)]
    ids = [row["item_id"].rpartition(":") for row in run(tmp_path, lines, []).rows]
    assert ids[0][0] == ids[1][0]
    assert [number for *_, number in ids] == ["1", "2"]


def test_an_order_due_on_the_last_instant_before_the_line_is_in_hand_is_settled_late(tmp_path):
    midnight = datetime(2026, 3, 3, 5, tzinfo=UTC)
    lines = [line(n, psp_reference=f"c{n}") for n in (1, 2)]
    due = {1: midnight - timedelta(microseconds=1), 2: midnight}
    orders = [order(f"o{n}", psp_reference=f"c{n}", due_at=due[n]) for n in (1, 2)]
    result = run(tmp_path, lines, orders)
    assert (codes(result.line(1)), codes(result.line(2))) == (["SETTLED_LATE"], [])


def test_the_day_stands_on_every_row(tmp_path):
    rows = run(tmp_path, [line(1), line(2, archive_id=B)], [order("o1")]).rows
    assert {(row["settlement_date"], row["first_seen"], row["age_days"]) for row in rows} == {
        (date(2026, 3, 2), date(2026, 3, 2), 0)
    }
