"""Open items from day to day."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow.parquet as pq

from cuadre.model.columns import LINES, OPEN_ITEMS, ORDERS
from tests.matching.tiny import (
    DAY,
    NEXT_AS_OF,
    NEXT_DAY,
    A,
    B,
    claim,
    codes,
    give_back,
    has_columns_of,
    line,
    order,
    run,
)

LATER = datetime(2026, 3, 3, 20, tzinfo=UTC)
DUE_TOMORROW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def next_day(folder, before, lines, orders, **given):
    tomorrow = [{**row, "settlement_date": NEXT_DAY, "archive_id": B} for row in lines]
    given = {"day": NEXT_DAY, "as_of": NEXT_AS_OF, "open_items": before.open_items, **given}
    return run(folder / "next", tomorrow, orders, **given)


def test_breaks_and_pending_orders_come_up_again_with_their_whole_line_and_order(tmp_path):
    lines = [line(1, psp_reference="c1", gross="90"), line(2, psp_reference="x"), line(3, psp_reference="c3")]
    orders = [order("o1", psp_reference="c1"), order("o3", psp_reference="c3"), order("o4", due_at=DUE_TOMORROW)]
    result = run(tmp_path, lines, orders)
    table = pq.read_table(result.open_items)
    assert has_columns_of(table, OPEN_ITEMS)
    items = {row["outcome"]: row for row in table.to_pylist()}
    assert set(items) == {"amount_mismatch", "missing_in_orders", "pending"}
    whole_lines = [{**dict.fromkeys(LINES.names), **row} for row in lines]
    whole_orders = [{**dict.fromkeys(ORDERS.names), **row} for row in orders]
    assert (items["amount_mismatch"]["line"], items["amount_mismatch"]["order"]) == (whole_lines[0], whole_orders[0])
    assert (items["missing_in_orders"]["line"], items["missing_in_orders"]["order"]) == (whole_lines[1], None)
    assert (items["pending"]["line"], items["pending"]["order"]) == (None, whole_orders[2])


def test_a_pending_order_that_is_settled_the_next_day_keeps_its_id_and_first_day(tmp_path):
    before = run(tmp_path, [], [order("o1", due_at=DUE_TOMORROW)])
    after = next_day(tmp_path, before, [line(1, merchant_reference="o1")], [])
    row = after.line(1, B)
    assert (before.rows[0]["outcome"], row["outcome"]) == ("pending", "matched")
    assert (row["item_id"], row["first_seen"], row["age_days"]) == (before.rows[0]["item_id"], DAY, 1)
    assert after.report.open_items == 0


def test_a_pending_order_found_by_its_psp_reference_keeps_its_first_day_too(tmp_path):
    pending = order("o1", psp_reference="c1", due_at=DUE_TOMORROW)
    after = next_day(tmp_path, run(tmp_path, [], [pending]), [line(1, psp_reference="c1")], [pending])
    assert (after.line(1, B)["outcome"], after.line(1, B)["first_seen"]) == ("matched", DAY)


def test_a_pending_order_whose_day_passes_becomes_missing(tmp_path):
    before = run(tmp_path, [], [order("o1", due_at=DUE_TOMORROW)])
    row = next_day(tmp_path, before, [], []).order("o1")
    assert (row["outcome"], row["first_seen"], row["settlement_date"]) == ("missing_in_settlement", DAY, NEXT_DAY)


def test_an_order_missing_in_settlement_is_matched_late(tmp_path):
    before = run(tmp_path, [], [order("o1")])
    row = next_day(tmp_path, before, [line(1, merchant_reference="o1")], []).line(1, B)
    assert (row["outcome"], codes(row)) == ("matched_with_variance", ["SETTLED_LATE"])
    assert (row["item_id"], row["first_seen"]) == (before.rows[0]["item_id"], DAY)


def test_a_line_missing_in_orders_is_matched_when_its_order_appears(tmp_path):
    before = run(tmp_path, [line(1, merchant_reference="o1")], [])
    after = next_day(tmp_path, before, [], [order("o1")])
    row = after.line(1)
    assert (row["outcome"], row["first_seen"], row["settlement_date"], row["age_days"]) == ("matched", DAY, NEXT_DAY, 1)
    assert after.report.open_items == 0


def test_an_amount_mismatch_closes_when_the_order_is_corrected(tmp_path):
    before = run(tmp_path, [line(1, merchant_reference="o1", gross="90", fee="3.59", tax="0.65")], [order("o1")])
    after = next_day(tmp_path, before, [], [order("o1", amount="90", updated_at=LATER)])
    row = after.line(1)
    assert (before.outcome(1), row["outcome"]) == ("amount_mismatch", "matched")
    assert (row["item_id"], row["first_seen"]) == (before.line(1)["item_id"], DAY)


def test_a_break_nobody_touches_stays_with_its_id_and_ages(tmp_path):
    before = run(tmp_path, [line(1, psp_reference="x"), line(2, merchant_reference="o1", gross="1")], [order("o1")])
    after = next_day(tmp_path, before, [], [])
    for n in (1, 2):
        assert after.line(n)["item_id"] == before.line(n)["item_id"]
        assert after.outcome(n) == before.outcome(n)
        assert after.line(n)["age_days"] == 1


def test_the_snapshot_wins_over_an_older_order_and_not_over_a_newer_one(tmp_path):
    before = run(tmp_path, [line(1, merchant_reference="o1", gross="90")], [order("o1", updated_at=LATER)])
    stale = next_day(tmp_path, before, [], [order("o1", amount="90")])
    assert stale.outcome(1) == "amount_mismatch"


def test_duplicates_stay_duplicates_while_both_lines_are_open(tmp_path):
    lines = [line(n, psp_reference="c1") for n in (1, 2)]
    before = run(tmp_path, lines, [order("o1", psp_reference="c1")])
    after = next_day(tmp_path, before, [], [])
    assert [row["outcome"] for row in after.rows] == ["duplicate", "duplicate"]
    assert [row["item_id"] for row in after.rows] == [row["item_id"] for row in before.rows]


def test_a_copy_of_an_open_line_does_not_take_over_its_id(tmp_path):
    before = run(tmp_path, [line(1, psp_reference="x", archive_id=B)], [])
    copy = line(1, psp_reference="x", archive_id=A, settlement_date=NEXT_DAY)
    after = run(tmp_path / "n", [copy], [], day=NEXT_DAY, as_of=NEXT_AS_OF, open_items=before.open_items)
    assert after.line(1, B)["item_id"] == before.rows[0]["item_id"]
    assert (after.line(1, B)["first_seen"], after.line(1, A)["first_seen"]) == (DAY, NEXT_DAY)


def test_an_open_line_that_is_among_todays_lines_is_one_line(tmp_path):
    lines = [line(1, psp_reference="x")]
    before = run(tmp_path, lines, [])
    after = run(tmp_path / "again", lines, [], open_items=before.open_items)
    assert after.rows == before.rows


def test_an_order_cleared_yesterday_is_used_up_today(tmp_path):
    orders = [order("o1", psp_reference="c1")]
    claims = [claim("o1", 1, archive_id=A, day=DAY)]
    before = run(tmp_path, [line(1, psp_reference="c1")], orders)
    assert next_day(tmp_path, before, [], orders, claims=claims).rows == []
    row = next_day(tmp_path, before, [line(9, psp_reference="c1")], orders, claims=claims).line(9, B)
    assert (row["outcome"], codes(row), row["order_id"]) == ("duplicate", ["SETTLED_BEFORE"], "o1")


def test_a_return_before_its_payment_is_linked_when_the_payment_comes(tmp_path):
    before = run(tmp_path, [give_back(1, original_reference="c1")], [])
    after = next_day(tmp_path, before, [line(2, psp_reference="c1")], [])
    assert (before.outcome(1), after.outcome(1), after.line(1)["first_seen"]) == ("unlinked", "matched", DAY)


def test_an_item_may_be_carried_over_many_days(tmp_path):
    before = run(tmp_path, [line(1, psp_reference="x")], [])
    second = next_day(tmp_path, before, [], [])
    third = run(
        tmp_path / "third",
        [],
        [order("o1", psp_reference="x")],
        day=date(2026, 3, 4),
        as_of=datetime(2026, 3, 5, 12, tzinfo=UTC),
        open_items=second.open_items,
    )
    assert (third.line(1)["first_seen"], third.line(1)["age_days"]) == (DAY, 2)


def test_the_totals_tell_what_was_a_break_already_when_the_day_began(tmp_path):
    short = line(1, merchant_reference="o1", gross="90", fee="3.59", tax="0.65")
    before = run(
        tmp_path,
        [short, line(2, psp_reference="x"), line(3, merchant_reference="o3")],
        [order("o1"), order("o2"), order("o4", due_at=DUE_TOMORROW)],
    )
    assert {total.carried for total in before.report.outcomes} == {0}

    after = next_day(tmp_path, before, [line(1, psp_reference="y", gross="70")], [order("o3", amount="99")])
    found = {total.outcome: (total.count, total.carried, total.carried_at_risk) for total in after.report.outcomes}
    assert found == {
        "amount_mismatch": (2, 2, Decimal(11)),
        "missing_in_orders": (2, 1, Decimal(100)),
        "missing_in_settlement": (2, 1, Decimal(100)),
    }
