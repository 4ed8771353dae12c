"""Payment lines: passes, groups, reasons and their precedence."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.matching.tiny import SOURCE, A, B, claim, codes, line, order, run


def test_a_line_and_an_order_with_the_same_psp_reference_match(tmp_path):
    row = run(tmp_path, [line(1, psp_reference="c1")], [order("o1", psp_reference="c1")]).line(1)
    assert (row["outcome"], row["order_id"], row["pass"], row["reasons"]) == ("matched", "o1", "psp_reference", [])
    assert (row["expected"], row["got"], row["delta"]) == (100, 100, 0)


def test_the_order_id_matches_when_the_psp_reference_finds_nobody(tmp_path):
    row = run(tmp_path, [line(1, merchant_reference="o1")], [order("o1", psp_reference="c1")]).line(1)
    assert (row["outcome"], row["order_id"], row["pass"]) == ("matched", "o1", "merchant_reference")


def test_the_order_id_in_another_currency_can_only_be_a_currency_mismatch(tmp_path):
    lines = [line(1, merchant_reference="o1", currency="USD")]
    row = run(tmp_path, lines, [order("o1", amount="3")]).line(1)
    assert (row["outcome"], row["pass"]) == ("currency_mismatch", "merchant_reference_only")
    assert (row["currency"], row["delta"], row["expected"], row["got"]) == ("USD", None, 3, 100)
    assert codes(row) == ["CURRENCY_DIFFERS"]


def test_a_pass_sees_only_what_earlier_passes_left_over(tmp_path):
    lines = [line(1, psp_reference="c1"), line(2, merchant_reference="o1")]
    result = run(tmp_path, lines, [order("o1", psp_reference="c1")])
    assert (result.outcome(1), result.outcome(2)) == ("matched", "missing_in_orders")


def test_null_never_matches_null(tmp_path):
    result = run(tmp_path, [line(1)], [order("o1")])
    assert codes(result.line(1)) == ["NO_REFERENCE"]
    assert result.order("o1")["outcome"] == "missing_in_settlement"


def test_blank_references_count_as_null(tmp_path):
    lines = [line(1, psp_reference="", merchant_reference="  ")]
    result = run(tmp_path, lines, [order("o1", psp_reference="")])
    assert codes(result.line(1)) == ["NO_REFERENCE"]
    assert result.order("o1")["outcome"] == "missing_in_settlement"


def test_keys_are_compared_one_by_one_and_never_joined_without_a_separator(tmp_path):
    lines = [line(1, psp_reference="12", merchant_reference="3"), line(2, psp_reference="1", merchant_reference="23")]
    result = run(tmp_path, lines, [order("x", psp_reference="123")])
    assert {row["outcome"] for row in result.rows if row["line_no"]} == {"missing_in_orders"}
    assert result.line(1)["item_id"] != result.line(2)["item_id"]


def test_an_unknown_reference_is_missing_in_orders(tmp_path):
    row = run(tmp_path, [line(1, psp_reference="c9")], []).line(1)
    assert (row["outcome"], codes(row), row["delta"], row["expected"]) == (
        "missing_in_orders", ["ORDER_NOT_FOUND"], 100, None,
    )  # fmt: skip


def test_all_lines_that_claim_one_order_are_duplicates_and_none_is_chosen_by_sort_order(tmp_path):
    lines = [line(n, psp_reference="c1") for n in (1, 2, 3)]
    result = run(tmp_path, lines, [order("o1", psp_reference="c1")])
    for row in result.rows:
        assert (row["outcome"], row["order_id"], codes(row)) == ("duplicate", "o1", ["CLAIMED_BY_SEVERAL_LINES"])
        assert (row["expected"], row["got"], row["delta"]) == (100, 100, None)
    assert len(result.rows) == 3


def test_lines_without_a_psp_reference_can_be_duplicates_too(tmp_path):
    lines = [line(n, merchant_reference="o1") for n in (1, 2)]
    result = run(tmp_path, lines, [order("o1")])
    assert [row["outcome"] for row in result.rows] == ["duplicate", "duplicate"]


def test_two_lines_for_two_orders_are_not_paired_by_sort_order(tmp_path):
    lines = [line(n, psp_reference="c1") for n in (1, 2)]
    result = run(tmp_path, lines, [order("o1", psp_reference="c1"), order("o2", psp_reference="c1")])
    assert [row["outcome"] for row in result.rows] == ["ambiguous"] * 4
    assert [row["order_id"] for row in result.rows] == [None, None, "o1", "o2"]


def test_a_line_with_several_orders_is_ambiguous_and_names_them_sorted(tmp_path):
    orders = [order("o2", psp_reference="c1"), order("o1", psp_reference="c1")]
    result = run(tmp_path, [line(1, psp_reference="c1")], orders)
    reason = result.line(1)["reasons"][0]
    assert (reason["code"], reason["got"], result.line(1)["order_id"]) == ("SEVERAL_ORDERS", "o1, o2", None)
    assert result.order("o1")["outcome"] == result.order("o2")["outcome"] == "ambiguous"
    assert (result.order("o1")["expected"], result.order("o1")["got"], result.order("o1")["delta"]) == (100, None, None)


def test_an_ambiguous_order_gets_a_row_only_when_it_is_expected(tmp_path):
    orders = [order("o1", psp_reference="c1"), order("o2", psp_reference="c1", status="EXPIRED")]
    result = run(tmp_path, [line(1, psp_reference="c1")], orders)
    assert (result.order("o1")["outcome"], result.order("o2")) == ("ambiguous", None)


def test_a_contested_group_leaves_the_game_so_later_passes_do_not_pair_its_members(tmp_path):
    lines = [line(1, psp_reference="c1", merchant_reference="o1"), line(2, merchant_reference="o2")]
    result = run(tmp_path, lines, [order("o1", psp_reference="c1"), order("o2", psp_reference="c1")])
    assert (result.outcome(1), result.outcome(2)) == ("ambiguous", "missing_in_orders")


def test_references_to_two_different_orders_are_a_conflict(tmp_path):
    lines = [line(1, psp_reference="c1", merchant_reference="o2")]
    result = run(tmp_path, lines, [order("o1", psp_reference="c1"), order("o2", psp_reference="c2")])
    row = result.line(1)
    assert (row["outcome"], row["order_id"], codes(row)) == ("ambiguous", None, ["REFERENCE_CONFLICT"])
    assert result.order("o1")["outcome"] == result.order("o2")["outcome"] == "ambiguous"


def test_the_other_order_of_a_conflict_gets_no_row_when_a_line_of_its_own_was_accepted(tmp_path):
    lines = [
        line(1, psp_reference="c1", merchant_reference="o2"),
        line(2, psp_reference="c2", merchant_reference="o2"),
        line(3, psp_reference="c3", merchant_reference="o4"),
        line(4, psp_reference="c4", merchant_reference="o4", gross="90"),
    ]
    orders = [order(f"o{n}", psp_reference=f"c{n}") for n in (1, 2, 3, 4)]
    result = run(tmp_path, lines, orders)
    assert [result.outcome(n) for n in (1, 2, 3, 4)] == ["ambiguous", "matched", "ambiguous", "amount_mismatch"]
    assert [row["order_id"] for row in result.rows if row["archive_id"] is None] == ["o1", "o3"]


def test_a_chain_of_conflicts_gives_every_order_one_row(tmp_path):
    lines = [line(n, psp_reference=f"c{n}", merchant_reference=f"o{n + 1}") for n in (1, 2, 3)]
    result = run(tmp_path, lines, [order(f"o{n}", psp_reference=f"c{n}") for n in (1, 2, 3, 4)])
    assert [row["outcome"] for row in result.rows] == ["ambiguous"] * 7
    assert [row["order_id"] for row in result.rows] == [None] * 3 + ["o1", "o2", "o3", "o4"]


def test_an_order_cleared_on_an_earlier_day_makes_the_line_a_duplicate(tmp_path):
    lines = [line(1, psp_reference="c1"), line(2, merchant_reference="o2")]
    orders = [order("o1", psp_reference="c1"), order("o2")]
    result = run(tmp_path, lines, orders, claims=[claim("o1", 7), claim("o2", 8)])
    for row in result.rows:
        assert (row["outcome"], codes(row), row["delta"]) == ("duplicate", ["SETTLED_BEFORE"], None)
    assert [row["order_id"] for row in result.rows] == ["o1", "o2"]


def test_a_claim_made_by_the_same_line_is_no_claim(tmp_path):
    lines = [line(1, psp_reference="c1")]
    result = run(tmp_path, lines, [order("o1", psp_reference="c1")], claims=[claim("o1", 1, archive_id=A)])
    assert result.outcome(1) == "matched"


def test_an_order_in_claims_gets_no_row_without_a_line(tmp_path):
    assert run(tmp_path, [], [order("o1"), order("o2")], claims=[claim("o1", 7)]).rows[0]["order_id"] == "o2"


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
    rows = run(tmp_path, [line(1), line(2, settlement_date=date(2026, 3, 1), archive_id=B)], [order("o1")]).rows
    assert {(row["settlement_date"], row["first_seen"], row["age_days"]) for row in rows} == {
        (date(2026, 3, 2), date(2026, 3, 2), 0)
    }


@pytest.mark.parametrize(
    "blank", ["", " ", "\t", "\n", "\u00a0", "\u200b", "\ufeff", "\u3000 \u2060", "\x7f"], ids=ascii
)
def test_a_reference_of_nothing_to_be_seen_is_none(tmp_path, blank):
    lines = [line(n, psp_reference=blank, merchant_reference=blank) for n in (1, 2)]
    result = run(tmp_path, lines, [order("o1", psp_reference=blank)])
    assert [codes(result.line(n)) for n in (1, 2)] == [["NO_REFERENCE"]] * 2
    assert result.order("o1")["outcome"] == "missing_in_settlement"


@pytest.mark.parametrize("reference", ["\u00f1andu", "\u00a0c1", " c1", "~", "\u65e5\u672c"], ids=ascii)
def test_a_reference_with_anything_to_be_seen_counts_as_it_stands(tmp_path, reference):
    row = run(tmp_path, [line(1, psp_reference=reference)], [order("o1", psp_reference=reference)]).line(1)
    assert (row["outcome"], row["pass"]) == ("matched", "psp_reference")
