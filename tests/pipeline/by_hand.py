"""A merchant whose days are written by hand, on a real store and a real PostgreSQL; archives are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from cuadre.config import Source, load_source
from cuadre.config.secrets import resolve
from cuadre.config.settings import Settings
from cuadre.model.columns import BANK_CREDITS, LINES, ORDERS
from cuadre.pipeline import line
from cuadre.pipeline.keeping import Json
from cuadre.pipeline.lake import Lake, file_record
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
        made = self.run(day, lines, orders)
        return Found(day, pq.read_table(self.lake.store.get(made["files"]["outcomes"]["key"])).to_pylist())

    def stock(self, orders: Sequence[Row] = (), credits: Sequence[Row] = ()) -> None:
        """Put orders and bank credits into the warehouse, new or edited."""
        files = {
            "orders": tiny.write(self.root / "orders.parquet", ORDERS, orders),
            "bank_credits": tiny.write(self.root / "credits.parquet", BANK_CREDITS, credits),
        }
        stock_shop(self.url, self.source, **files)

    def run(self, day: date, lines: Sequence[Row] = (), orders: Sequence[Row] = ()) -> Json:
        """The record of the reconciliation of `day`."""
        self.stock(orders)
        rows = [each | {"settlement_date": day, "archive_id": named(day)} for each in lines]
        path = tiny.write(self.root / f"{day}.parquet", LINES, rows)
        key = self.lake.lines(day, named(day), "lines.parquet")
        self.lake.store.put(key, path)
        record = {"archive": {"archive_id": named(day), "part": 1}, "lines": [file_record(key, path)]}
        self.lake.write(self.lake.admission(day, named(day)), record)
        now = datetime.combine(day + timedelta(days=1), time(15), UTC)
        return line.reconcile_day(self.work, self.source, day, [record], now=now)

    def forget(self, day: date, name: str = "outcomes") -> None:
        """Lose a file of a day, so that whoever opens it is told that the store is damaged."""
        path = self.lake.store.get(self.lake.read(self.lake.day(day))["files"][name]["key"])
        path.unlink()


def said(row: Row) -> tuple[str, list[str]]:
    return row["outcome"], codes(row)


def named(day: date) -> str:
    """The id of the one archive of a day."""
    return f"{day:%Y%m%d}".ljust(64, "0")


def payment(line_no: int, reference: str | None, **given: Any) -> Row:
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


def build(root: Path, url: str, *, bank: bool = False) -> Shop:
    """A shop in `root`, with or without a table of bank credits."""
    data = yaml.safe_load(EXAMPLE.read_text())
    (root / "warehouse.url").write_text(url)
    data |= {"source": "shop_pe", "warehouse": {"file": str(root / "warehouse.url")}}
    if not bank:
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
