"""What lies beside the archives: orders, bank credits and answers as Parquet in the canonical schemas."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cuadre.config import Source
from cuadre.model.arrow import MONEY, arrow_schema
from cuadre.model.codes import LineType, OrderStatus, Outcome
from cuadre.model.columns import ANSWERS, BANK_CREDITS, CLAIMS, ORDERS, Table
from cuadre.sandbox import text
from cuadre.sandbox.book import Calendar
from cuadre.sandbox.day import Before
from cuadre.sandbox.layout import batch_name
from cuadre.sandbox.rows import (
    DUE_DECIDES,
    NO_ROW,
    ORDER,
    OUTCOMES,
    STATUSES,
    Rows,
    Whole,
    outcome_code,
    status_code,
    type_code,
)

ACCOUNT = "settlement"
ROW_GROUP_ROWS = 122_880
"""Rows of a row group: as a warehouse hands them over in many small batches, so that reading is shared out."""


def write_orders(path: Path, source: Source, orders: Rows) -> None:
    """Write ORDERS."""
    columns = {
        "order_id": text.numbers(orders["number"], text.ORDER_PREFIX),
        "psp_reference": text.numbers(orders["cip"], blank=orders["blank"]),
        "currency": text.codes(orders["currency"], text.currencies(source)),
        "amount": text.money(orders["amount"]),
        "status": text.codes(orders["status"], [status.value for status in STATUSES]),
        "created_at": text.instants(orders["created"]),
        "paid_at": text.instants(orders["paid"]),
        "due_at": text.instants(orders["due"]),
        "updated_at": text.instants(orders["updated"]),
        "merchant": text.codes(np.zeros(len(orders), dtype=np.int64), [source.merchant]),
    }
    _write(path, ORDERS, columns)


def write_bank_credits(path: Path, source: Source, lines: Rows, day: date) -> None:
    """Write BANK_CREDITS: one for each payout, a day later, with the batch as its reference."""
    payouts = lines[lines["type"] == type_code(LineType.PAYOUT)]
    batches = text.codes(payouts["batch"], [f"{batch_name(day)}{n:02d}" for n in range(100)])
    names = text.codes(payouts["currency"], text.currencies(source))
    count = len(payouts)
    columns = {
        "credit_id": pc.binary_join_element_wise("BC", batches, names, "-"),
        "account": pc.binary_join_element_wise(ACCOUNT, pc.utf8_lower(names), "-"),
        "value_date": pa.array([day + timedelta(days=1)] * count, pa.date32()),
        "currency": names,
        "amount": text.money(-payouts["gross"]),
        "reference": batches,
    }
    _write(path, BANK_CREDITS, columns)


def write_answers(
    path: Path, source: Source, parts: list[tuple[str, Rows]], orders: Rows, day: date, as_of: datetime
) -> None:
    """Write ANSWERS: every line of every part (archive id, lines), then every order with a row of its own."""
    tables = []
    for archive_id, lines in parts:
        same = text.codes(np.zeros(len(lines), dtype=np.int64), [archive_id])
        numbers = pa.array(np.arange(1, len(lines) + 1, dtype=np.int64))
        tables.append(_answers(same, numbers, lines["answer"], lines["outcome"]))
    own = orders[orders["outcome"] != NO_ROW]
    nothing = pa.nulls(len(own))
    outcomes = _by_due(source, own, day, as_of)
    tables.append(_answers(nothing.cast(pa.string()), nothing.cast(pa.int64()), own["number"], outcomes))
    pq.write_table(pa.concat_tables(tables), path, compression="zstd")


def read_before(folder: Path, source: Source) -> Before:
    """What the day in `folder` leaves: its pending orders, and those its payments settled without a break."""
    answers, orders = pq.read_table(folder / "answers.parquet"), pq.read_table(folder / "orders.parquet")
    without_line = pc.is_null(answers["archive_id"])
    pending = answers.filter(pc.and_(without_line, pc.equal(answers["outcome"], Outcome.pending.name)))
    cleared = pc.is_in(answers["outcome"], pa.array([Outcome.matched.name, Outcome.matched_with_variance.name]))
    settled = answers.filter(pc.and_(pc.invert(without_line), cleared))
    rows = _rows(orders, source)
    known = text.order_numbers(orders["order_id"])
    waiting = np.isin(known, text.order_numbers(pending["order_id"]))
    done = np.isin(known, text.order_numbers(settled["order_id"]))
    done &= np.isin(known, text.order_numbers(_alone(answers.filter(pc.invert(without_line)))))
    done &= (rows["status"] == status_code(OrderStatus.PAID)) & (rows["cip"] != 0)
    return Before(rows[waiting], rows[done])


def _alone(lines: pa.Table) -> pa.ChunkedArray:
    """The orders that one of `lines` only is about: the payment, of which nothing was given back."""
    counted = lines.group_by("order_id", use_threads=False).aggregate([("line_no", "count")])
    return counted.filter(pc.equal(counted["line_no_count"], 1))["order_id"]


def write_claims(path: Path, folder: Path, day: date) -> None:
    """Write CLAIMS: the orders that payments of the day in `folder` cleared.

    Its returns are left out: no line of the next day is about an order that was given back, even in part.
    """
    answers = pq.read_table(folder / "answers.parquet")
    cleared = pc.is_in(answers["outcome"], pa.array([Outcome.matched.name, Outcome.matched_with_variance.name]))
    rows = answers.filter(pc.and_(cleared, pc.is_valid(answers["order_id"])))
    rows = rows.group_by(["order_id", "archive_id"], use_threads=False).aggregate([("line_no", "min")])
    columns = {
        "order_id": rows["order_id"],
        "archive_id": rows["archive_id"],
        "line_no": rows["line_no_min"],
        "settlement_date": pa.array([day - timedelta(days=1)] * len(rows), pa.date32()),
        "line_type": pa.array([LineType.PAYMENT.value] * len(rows)),
        "currency": pa.nulls(len(rows), pa.string()),
        "gross": pa.nulls(len(rows), MONEY),
    }
    _write(path, CLAIMS, columns)


def _answers(archive: pa.Array, line_no: pa.Array, order: Whole, outcome: Whole) -> pa.Table:
    columns = {
        "archive_id": archive,
        "line_no": line_no,
        "order_id": text.numbers(order, text.ORDER_PREFIX),
        "outcome": text.codes(outcome, [o.name for o in OUTCOMES]),
    }
    return pa.table(columns, schema=arrow_schema(ANSWERS))


def _by_due(source: Source, orders: Rows, day: date, as_of: datetime) -> Whole:
    """Outcome of orders without a line: what was planted, else missing once due and pending before."""
    due = np.where(orders["due"] == 0, _due_by_payment(source, orders, day), orders["due"])
    missing, pending = outcome_code(Outcome.missing_in_settlement), outcome_code(Outcome.pending)
    decided = np.where(due <= as_of.timestamp(), missing, pending)
    return np.where(orders["outcome"] == DUE_DECIDES, decided, orders["outcome"])


def _due_by_payment(source: Source, orders: Rows, day: date) -> Whole:
    due = np.zeros(len(orders), dtype=np.int64)
    calendar = Calendar(source, day)
    for offset in range(-source.settlement.lag_days - 3, 3):
        paid = (calendar.start(offset) <= orders["paid"]) & (orders["paid"] < calendar.start(offset + 1))
        due[paid] = calendar.due(offset)
    return due


def _rows(orders: pa.Table, source: Source) -> Rows:
    rows = np.zeros(len(orders), dtype=ORDER)
    rows["number"], rows["cip"] = text.order_numbers(orders["order_id"]), text.plain_numbers(orders["psp_reference"])
    rows["currency"] = _places(orders["currency"], text.currencies(source))
    rows["amount"] = pc.cast(pc.multiply(orders["amount"], pa.scalar(100)), pa.int64()).to_numpy()
    rows["status"] = _places(orders["status"], [status.value for status in STATUSES])
    for name, column in (("created", "created_at"), ("paid", "paid_at"), ("due", "due_at"), ("updated", "updated_at")):
        micro = pc.fill_null(orders[column].cast(pa.int64()), 0)
        rows[name] = micro.to_numpy() // 1_000_000
    rows["outcome"] = NO_ROW
    return rows


def _places(values: pa.ChunkedArray, names: list[str]) -> Whole:
    return np.asarray(pc.index_in(values, pa.array(names)).to_numpy(), dtype=np.int64)


def _write(path: Path, table: Table, columns: dict[str, pa.Array]) -> None:
    rows = pa.table(columns, schema=arrow_schema(table))
    pq.write_table(rows, path, compression="zstd", row_group_size=ROW_GROUP_ROWS)
