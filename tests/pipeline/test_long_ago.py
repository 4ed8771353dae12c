"""One record, one claim, without an end: what was cleared or given back months ago is used up, on a real store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.model.columns import LINES, ORDERS
from cuadre.pipeline import carried, claims
from cuadre.pipeline.replay import replay
from tests.matching import tiny
from tests.matching.tiny import give_back
from tests.pipeline.by_hand import FIRST, Found, Row, Shop, at, build, later, order, payment, refund


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Shop:
    return build(tmp_path, database_url)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory, module_warehouse_url: str) -> Shop:
    """The shop of `found`, to be read only."""
    return build(tmp_path_factory.mktemp("long_ago"), module_warehouse_url)


@pytest.fixture(scope="module")
def found(past: Shop) -> dict[int, Found]:
    """What became of a few orders in 140 days, by the number of the day; on most days nothing new comes."""
    lines: dict[int, list[Row]] = {
        0: [*(payment(no, f"C{no}") for no in (1, 2, 4, 5, 6, 7, 8, 9)), tiny.line(3, merchant_reference="O3")],
        1: [payment(1, "C2")],
        5: [refund(1, "C5"), refund(2, "C6", gross="-40"), refund(3, "C7")],
        60: [
            payment(1, "C1"),
            tiny.line(2, merchant_reference="O3"),
            payment(3, "C4"),
            refund(4, "C5"),
            refund(5, "C6", gross="-40"),
            refund(6, "C7"),
        ],
        90: [refund(1, "C6", gross="-40"), give_back(2, "CHARGEBACK", original_reference="C8")],
    }
    orders = {
        0: [
            *(order(f"O{no}", f"C{no}") for no in (1, 2, 4, 5, 6, 9)),
            order("O3", None),
            order("O8", "C8", status="REVERSED"),
        ],
        1: [order("O9", "C9", amount="90", updated_at=at(1))],
        5: [order("O5", "C5", status="REFUNDED", updated_at=at(5))],
        60: [order("O4", "C4", paid_at=at(60), updated_at=at(60))],
    }
    days = (0, 1, 5, 20, 40, 60, 61, 90, 100, 140)
    return {n: past.reconcile(later(n), lines.get(n, ()), orders.get(n, ())) for n in days}


UTC_MICROS = pa.timestamp("us", tz="UTC")
SETTLED_BEFORE = ("duplicate", ["SETTLED_BEFORE"])
EXCEEDS = ("amount_mismatch", ["EXCEEDS_ORIGINAL"])
MATCHED: tuple[str, list[str]] = ("matched", [])


def test_a_payment_repeated_months_later_is_a_duplicate_and_stays_one(found: dict[int, Found]) -> None:
    assert found[0].line(1) == MATCHED
    assert [found[n].line(1, later(60)) for n in (60, 61, 90, 100, 140)] == [SETTLED_BEFORE] * 5


def test_a_duplicate_nobody_settles_does_not_clear_itself_when_its_claim_leaves_the_reach(
    found: dict[int, Found],
) -> None:
    assert [found[n].line(1, later(1)) for n in found if n > 0] == [SETTLED_BEFORE] * (len(found) - 1)


def test_a_payment_that_names_its_order_alone_is_a_duplicate_months_later(found: dict[int, Found]) -> None:
    assert found[0].line(3)[0] == "matched"
    assert found[60].line(2) == SETTLED_BEFORE


def test_an_order_that_says_it_was_paid_today_keeps_the_claim_of_long_ago(found: dict[int, Found]) -> None:
    assert found[60].line(3) == SETTLED_BEFORE


def test_a_refund_repeated_months_later_exceeds_its_original_and_goes_on_doing_so(found: dict[int, Found]) -> None:
    assert found[5].line(1) == MATCHED
    assert [found[n].line(4, later(60)) for n in (60, 61, 90, 100, 140)] == [EXCEEDS] * 5


def test_parts_given_back_months_apart_add_up(found: dict[int, Found]) -> None:
    assert [found[5].line(2), found[60].line(5)] == [MATCHED, MATCHED]
    assert found[90].line(1) == ("amount_mismatch", ["EXCEEDS_ORIGINAL", "STATUS_DIFFERS"])


def test_a_refund_of_a_payment_without_an_order_repeated_months_later_exceeds_it(found: dict[int, Found]) -> None:
    assert [found[5].line(3), found[60].line(6)] == [MATCHED, EXCEEDS]


def test_a_chargeback_three_months_later_is_linked_to_its_payment(found: dict[int, Found]) -> None:
    assert found[90].line(2) == MATCHED


def test_an_order_edited_after_it_was_cleared_stays_a_break_with_its_cause(found: dict[int, Found]) -> None:
    assert [found[n].order("O9") for n in found if n > 0] == [("amount_mismatch", ["ORDER_EDITED"])] * (len(found) - 1)


def test_what_is_open_is_handed_on_so_that_only_new_old_orders_are_searched_for(
    past: Shop, found: dict[int, Found]
) -> None:
    since = {n: past.lake.read(past.lake.day(later(n)))["searched_since"] for n in found}
    searched = {n for n in found if since[n]}
    assert searched == {60, 90, 140}  # new lines name old orders; before 140 was no day that is in reach
    assert since[60] == str(FIRST - timedelta(days=1))


def test_a_replay_under_the_same_rules_finds_the_same_claims_of_long_ago(past: Shop, found: dict[int, Found]) -> None:
    again = replay(past.work, past.source, later(60), later(61))
    assert (again.flips, again.changed, again.rows) == ((), (), len(found[60].rows) + len(found[61].rows))


def test_a_day_without_old_orders_opens_no_file_of_days_out_of_reach(shop: Shop) -> None:
    shop.reconcile(FIRST, [payment(1, "C1")], [order("O1", "C1")])
    for name in ("outcomes", "orders", "known_claims", "known_records"):
        shop.forget(FIRST, name)
    made = shop.reconcile(later(60), [payment(1, "C2", occurred_at=at(60))], [order("O2", "C2", at(60))])
    assert made.line(1) == MATCHED
    assert shop.lake.read(shop.lake.day(later(60)))["searched_since"] is None


def test_a_line_of_long_ago_pays_no_new_order_that_got_its_reference_and_goes_on_doing_so(shop: Shop) -> None:
    copied = payment(1, "C1")
    shop.reconcile(FIRST, [copied], [order("O1", "C1")])
    moved = [order("O1", None, updated_at=at(60)), order("O2", "C1", at(60))]
    assert shop.reconcile(later(60), [copied], moved).line(1) == SETTLED_BEFORE
    again = shop.reconcile(later(61))
    assert (again.line(1, later(60)), again.order("O2")) == (
        SETTLED_BEFORE,
        ("missing_in_settlement", ["LINE_NOT_FOUND"]),
    )
    assert shop.lake.read(shop.lake.day(later(61)))["searched_since"] is None  # what was found is handed on


def test_a_day_of_long_ago_that_comes_late_makes_the_days_that_searched_it_run_again(shop: Shop) -> None:
    shop.reconcile(later(1))
    assert shop.reconcile(later(60), [payment(1, "C1")], [order("O1", "C1")]).line(1)[0] != "duplicate"
    shop.reconcile(FIRST, [payment(1, "C1")])
    assert carried.outdated(shop.lake, shop.source, FIRST) == later(1)
    shop.reconcile(later(1))
    assert carried.outdated(shop.lake, shop.source, FIRST) == later(60)
    assert shop.reconcile(later(60), [payment(1, "C1")]).line(1) == SETTLED_BEFORE
    assert carried.outdated(shop.lake, shop.source, FIRST) is None


@pytest.mark.parametrize("blank", [None, " ", "\t", "\u200b"])
def test_an_old_line_without_a_provider_s_reference_is_looked_for_by_its_operation(tmp_path: Path, blank: str) -> None:
    lines = [tiny.line(1, psp_reference=blank, operation_reference="op1"), tiny.line(2, occurred_at=at(60))]
    files = tiny.write(tmp_path / "lines.parquet", LINES, lines), tiny.write(tmp_path / "orders.parquet", ORDERS, [])
    found = claims.old_records([files[0]], files[1], None, at(30), tmp_path).to_pylist()
    assert [(row["order_id"], row["reference"]) for row in found] == [(None, "op1")]


def test_what_was_looked_for_since_some_day_is_not_known_of_an_older_record(tmp_path: Path) -> None:
    def wanted(days: int) -> pa.Table:
        row = {"order_id": None, "reference": "C1", "begun": at(days)}
        return pa.Table.from_pylist(
            [row], pa.schema({"order_id": "string", "reference": "string", "begun": UTC_MICROS})
        )

    pq.write_table(wanted(36), tmp_path / "known.parquet")
    left = [claims.without_known(wanted(days), tmp_path / "known.parquet", tmp_path).num_rows for days in (0, 36, 40)]
    assert left == [1, 0, 0]


def test_a_refund_of_long_ago_gives_back_no_order_that_got_its_reference_since(shop: Shop) -> None:
    named = [payment(n, None, merchant_reference=f"O{n}") for n in (1, 2)]
    refunded = [order("O1", "C1", status="REFUNDED"), order("O2", None, status="REFUNDED")]
    assert shop.reconcile(FIRST, [*named, refund(3, "C1")], refunded).line(3) == MATCHED
    moved = [
        each | {"psp_reference": psp, "updated_at": at(60)} for each, psp in zip(refunded, (None, "C1"), strict=True)
    ]
    assert shop.reconcile(later(60), [refund(3, "C1")], moved).line(3) == SETTLED_BEFORE
