"""Which order a payment line means: passes, several of either, conflicts, and orders cleared before."""

import pytest

from tests.matching.tiny import A, claim, codes, line, order, run


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
