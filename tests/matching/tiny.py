"""Tiny days written out by hand: lines, orders, what was open and claimed, and what reconcile makes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.config.source import Source
from cuadre.matching.engines import OpenEngine, open_engine
from cuadre.model.arrow import arrow_schema
from cuadre.model.columns import CLAIMS, LINES, ORDERS, Table
from cuadre.model.records import ReconcileReport
from cuadre.pipeline.reconcile import reconcile
from cuadre.sandbox.scenarios.story import SOURCE as SHOP

DAY = date(2026, 3, 2)
NEXT_DAY = date(2026, 3, 3)
AS_OF = datetime(2026, 3, 3, 12, tzinfo=UTC)
NEXT_AS_OF = datetime(2026, 3, 4, 12, tzinfo=UTC)
PAID_AT = datetime(2026, 3, 2, 17, tzinfo=UTC)
A, B = "a" * 64, "b" * 64

SOURCE = SHOP.model_copy(update={"source": "shop_pe", "description": "A shop"})


def line(line_no: int, **given: Any) -> dict[str, Any]:
    """A PAYMENT of 100 PEN with the contract's fee and no reference."""
    row = {
        "source": "shop_pe", "archive_id": A, "line_no": line_no, "settlement_date": DAY, "batch_id": "B1",
        "line_type": "PAYMENT", "psp_reference": None, "operation_reference": f"op{line_no}",
        "merchant_reference": None, "original_reference": None, "currency": "PEN", "gross": "100", "fee": "3.99",
        "tax": "0.72", "occurred_at": PAID_AT, "channel": "agent",
    }  # fmt: skip
    row.update(given)
    for name in ("gross", "fee", "tax"):
        row[name] = Decimal(row[name])
    return {**row, "net": row["gross"] - row["fee"] - row["tax"]}


def give_back(line_no: int, line_type: str = "REFUND", **given: Any) -> dict[str, Any]:
    """A return of 100 PEN, without a fee."""
    return line(line_no, **{"line_type": line_type, "gross": "-100", "fee": "0", "tax": "0", **given})


def order(order_id: str, **given: Any) -> dict[str, Any]:
    """A PAID order of 100 PEN that is due in the settlement of DAY."""
    row = {
        "order_id": order_id, "psp_reference": None, "currency": "PEN", "amount": "100", "status": "PAID",
        "created_at": PAID_AT, "paid_at": PAID_AT, "due_at": datetime(2026, 3, 3, 12, tzinfo=UTC),
        "updated_at": PAID_AT, "merchant": "30145",
    }  # fmt: skip
    row.update(given)
    row["amount"] = Decimal(row["amount"])
    return row


def claim(order_id: str, line_no: int, archive_id: str = B, day: date = date(2026, 3, 1)) -> dict[str, Any]:
    """An order cleared by a line of another day."""
    return {
        "order_id": order_id, "archive_id": archive_id, "line_no": line_no, "settlement_date": day,
        "line_type": "PAYMENT", "currency": None, "gross": None,
    }  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What one run left."""

    report: ReconcileReport
    rows: list[dict[str, Any]]
    open_items: Path

    def line(self, line_no: int, archive_id: str = A) -> dict[str, Any]:
        return next(r for r in self.rows if (r["archive_id"], r["line_no"]) == (archive_id, line_no))

    def order(self, order_id: str) -> dict[str, Any] | None:
        """The row of an order without a line."""
        return next((r for r in self.rows if r["archive_id"] is None and r["order_id"] == order_id), None)

    def outcome(self, line_no: int) -> str:
        return self.line(line_no)["outcome"]

    @property
    def digests(self) -> tuple[str, str]:
        outcomes = Path(self.report.outcomes_path)
        return tuple(hashlib.sha256(p.read_bytes()).hexdigest() for p in (outcomes, self.open_items))


def codes(row: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in row["reasons"]]


def has_columns_of(table: pa.Table, canonical: Table) -> bool:
    """Whether a result has the names and types of `canonical`, and no NULL where it allows none.

    What a file says of NULL is the engine's guess, so that only the values are looked at.
    """
    names_and_types = optional(pa.struct(arrow_schema(canonical, set(table.column_names))))
    no_nulls = all(table[column.name].null_count == 0 for column in canonical.columns if not column.nullable)
    return optional(pa.struct(table.schema)) == names_and_types and no_nulls


def optional(kind: pa.DataType) -> pa.DataType:
    """The type with every field within it nullable."""
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, optional(field.type)) for field in kind])
    return pa.list_(optional(kind.value_type)) if pa.types.is_list(kind) else kind


def write(path: Path, table: Any, rows: Sequence[dict[str, Any]]) -> Path:
    given = {name for row in rows for name in row}
    pq.write_table(pa.Table.from_pylist(list(rows), arrow_schema(table, given)), path)
    return path


def run(
    folder: Path,
    lines: Sequence[dict[str, Any]],
    orders: Sequence[dict[str, Any]],
    *,
    claims: Sequence[Path] | Sequence[dict[str, Any]] = (),
    open_items: Path | None = None,
    as_of: datetime = AS_OF,
    day: date | None = DAY,
    source: Source = SOURCE,
    split: int = 1,
    opened_by: OpenEngine = open_engine,
) -> Result:
    """Reconcile hand-written rows, the lines cut into `split` files."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [write(folder / f"lines{n}.parquet", LINES, lines[n::split]) for n in range(split)]
    report = reconcile(
        lines=parts if split > 1 else parts[0],
        orders=write(folder / "orders.parquet", ORDERS, orders),
        source=source,
        as_of=as_of,
        out=folder / "out",
        settlement_date=day,
        open_items=open_items,
        earlier=[each for each in claims if isinstance(each, Path)],
        claims=write(folder / "claims.parquet", CLAIMS, [each for each in claims if isinstance(each, dict)]),
        opened_by=opened_by,
    )
    rows = pq.read_table(report.outcomes_path).to_pylist()
    return Result(report, rows, Path(report.open_items_path))


def day_by_day(folder: Path, *days: tuple[Sequence[dict[str, Any]], Any], source: Source = SOURCE) -> list[Result]:
    """Run days of (lines, orders) one after the other, each on the open items and outcomes of those before it."""
    results: list[Result] = []
    for number, (lines, orders) in enumerate(days):
        day = DAY + timedelta(days=number)
        results.append(
            run(
                folder / str(number),
                [each | {"settlement_date": day} for each in lines],
                orders,
                source=source,
                day=day,
                as_of=AS_OF + timedelta(days=number),
                open_items=results[-1].open_items if results else None,
                claims=inherited(results),
            )
        )
    return results


def inherited(results: Sequence[Result]) -> list[Path]:
    """The outcomes of earlier days, which tell the next one what is claimed."""
    return [Path(each.report.outcomes_path) for each in results]
