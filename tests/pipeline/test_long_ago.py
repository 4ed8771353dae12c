"""One record, one claim, without an end: what was cleared or given back months ago is used up, on a real store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from cuadre.config import Source, load_source
from cuadre.config.secrets import resolve
from cuadre.config.settings import Settings
from cuadre.model.columns import BANK_CREDITS, LINES, ORDERS
from cuadre.pipeline import carried, line
from cuadre.pipeline.lake import Lake, file_record
from cuadre.pipeline.replay import replay
from cuadre.pipeline.workplace import Workplace, workplace
from cuadre.sandbox.shop import open_shop, stock_shop
from tests.matching import tiny
from tests.matching.tiny import codes, give_back

Row = dict[str, Any]

EXAMPLE = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"
FIRST = date(2026, 3, 2)


@dataclass(frozen=True)
class Found:
    """What a day came to."""

    day: date
    rows: list[Row]

    def line(self, line_no: int, day: date | None = None) -> tuple[str, list[str]]:
        """Outcome and reasons of a line, of the day itself or of an earlier one."""
        place = (named(day or self.day), line_no)
        return said(next(row for row in self.rows if (row["archive_id"], row["line_no"]) == place))

    def order(self, order_id: str) -> tuple[str, list[str]]:
        """Outcome and reasons of an order without a line."""
        return said(next(row for row in self.rows if (row["archive_id"], row["order_id"]) == (None, order_id)))


@dataclass(frozen=True)
class Shop:
    """A merchant with a store and a warehouse, whose days are written by hand."""

    root: Path
    work: Workplace
    source: Source
    url: str

    @property
    def lake(self) -> Lake:
        return self.work.lake(self.source)

    def reconcile(self, day: date, lines: Sequence[Row] = (), orders: Sequence[Row] = ()) -> Found:
        """What `day` makes of its lines and what is open; `orders` are new, or edited."""
        if orders:
            none = tiny.write(self.root / "credits.parquet", BANK_CREDITS, ())
            stock_shop(
                self.url, self.source, orders=tiny.write(self.root / "o.parquet", ORDERS, orders), bank_credits=none
            )
        rows = [each | {"settlement_date": day, "archive_id": named(day)} for each in lines]
        path = tiny.write(self.root / f"{day}.parquet", LINES, rows)
        key = self.lake.lines(day, named(day), "lines.parquet")
        self.lake.store.put(key, path)
        record = {"archive": {"archive_id": named(day), "part": 1}, "lines": [file_record(key, path)]}
        self.lake.write(self.lake.admission(day, named(day)), record)
        now = datetime.combine(day + timedelta(days=1), time(15), UTC)
        made = line.reconcile_day(self.work, self.source, day, [record], now=now)
        return Found(day, pq.read_table(self.lake.store.get(made["files"]["outcomes"]["key"])).to_pylist())

    def forget(self, day: date, name: str = "outcomes") -> None:
        """Lose a file of a day, so that whoever opens it is told that the store is damaged."""
        path = self.lake.store.get(self.lake.read(self.lake.day(day))["files"][name]["key"])
        path.unlink()


def said(row: Row) -> tuple[str, list[str]]:
    return row["outcome"], codes(row)


def named(day: date) -> str:
    """The id of the one archive of a day."""
    return f"{day:%Y%m%d}".ljust(64, "0")


def payment(line_no: int, reference: str, **given: Any) -> Row:
    return tiny.line(line_no, psp_reference=reference, **given)


def refund(line_no: int, reference: str, **given: Any) -> Row:
    return give_back(line_no, original_reference=reference, **given)


def order(order_id: str, psp_reference: str | None, made: datetime | None = None, **given: Any) -> Row:
    """An order of 100 PEN made and paid at `made`, or else on the first day."""
    times = dict.fromkeys(("created_at", "paid_at", "updated_at"), made or at(0))
    return tiny.order(order_id, psp_reference=psp_reference, **times | {"due_at": None} | given)


def later(days: int) -> date:
    return FIRST + timedelta(days=days)


def at(days: int) -> datetime:
    """Noon in Lima, so many days later."""
    return datetime.combine(later(days), time(17), UTC)


def build(root: Path, url: str) -> Shop:
    data = yaml.safe_load(EXAMPLE.read_text())
    (root / "warehouse.url").write_text(url)
    data |= {"source": "shop_pe", "warehouse": {"file": str(root / "warehouse.url")}}
    data.pop("bank")
    (root / "sources").mkdir()
    (file := root / "sources" / "shop.yaml").write_text(yaml.safe_dump(data))
    open_shop(url, source := load_source(file))
    settings = Settings(
        sources=file.parent,
        store=str(root / "store"),
        scratch=root / "scratch",
        journal=root / "journal.jsonl",
        alerts=root / "alerts.jsonl",
    )
    return Shop(root, workplace(settings, resolve), source, url)


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
    for name in ("outcomes", "orders", "known_claims"):
        shop.forget(FIRST, name)
    made = shop.reconcile(later(60), [payment(1, "C2")], [order("O2", "C2", at(60))])
    assert made.line(1) == MATCHED
    assert shop.lake.read(shop.lake.day(later(60)))["searched_since"] is None


def test_a_day_of_long_ago_that_comes_late_makes_the_days_that_searched_it_run_again(shop: Shop) -> None:
    shop.reconcile(later(1))
    assert shop.reconcile(later(60), [payment(1, "C1")], [order("O1", "C1")]).line(1)[0] != "duplicate"
    shop.reconcile(FIRST, [payment(1, "C1")])
    assert carried.outdated(shop.lake, shop.source, FIRST) == later(1)
    shop.reconcile(later(1))
    assert carried.outdated(shop.lake, shop.source, FIRST) == later(60)
    assert shop.reconcile(later(60), [payment(1, "C1")]).line(1) == SETTLED_BEFORE
    assert carried.outdated(shop.lake, shop.source, FIRST) is None
