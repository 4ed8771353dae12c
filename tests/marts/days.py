"""A small settlement day, written by hand: lines, their outcomes, and what was open before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.config import load_source
from cuadre.marts import AdmissionRow, DayFiles
from cuadre.matching.bank import write_bank_matches
from cuadre.matching.engine import duckdb_engine
from cuadre.matching.inputs import lacking_columns, open_input
from cuadre.model.arrow import arrow_schema
from cuadre.model.codes import CheckSeverity, Verdict
from cuadre.model.columns import BANK_CREDITS, BANK_MATCHES, LINES, OPEN_ITEMS, OUTCOMES, Table
from cuadre.model.records import Admission, CheckReport, CheckResult, Publication, ReconcileReport
from cuadre.pipeline.admit import admit
from cuadre.pipeline.publish import publish
from cuadre.pipeline.reconcile import reconcile
from cuadre.sandbox.archive import SandboxDay

SOURCE = "pagoefectivo_pe"
DAY = date(2026, 3, 4)
NEXT = date(2026, 3, 5)
ARCHIVE = "a" * 64
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 5, 15, tzinfo=UTC)

Row = dict[str, Any]


def line(no: int, **but: Any) -> Row:
    """Line `no`: a payment of S/100 with a contract fee of 3.99 and tax of 0.72, but for what is given."""
    row: Row = {
        "source": SOURCE,
        "archive_id": ARCHIVE,
        "line_no": no,
        "settlement_date": DAY,
        "batch_id": "B1",
        "line_type": "PAYMENT",
        "psp_reference": f"CIP{no}",
        "operation_reference": f"OP{no}",
        "merchant_reference": f"ORDER{no}",
        "original_reference": None,
        "currency": "PEN",
        "gross": Decimal("100"),
        "fee": Decimal("3.99"),
        "tax": Decimal("0.72"),
        "occurred_at": datetime(2026, 3, 4, 15, no % 60, tzinfo=UTC),
        "channel": "agent",
    } | but
    return {"net": row["gross"] - row["fee"] - row["tax"]} | row


def payout(no: int, amount: str, **but: Any) -> Row:
    """The payout line of a batch: `amount` is what the merchant is paid."""
    zero = Decimal(0)
    money = {"gross": -Decimal(amount), "fee": zero, "tax": zero}
    references = dict.fromkeys(("psp_reference", "operation_reference", "merchant_reference", "channel"))
    return line(no, line_type="PAYOUT", **money, **references, **but)


def judged(of: Row, outcome: str = "matched", **but: Any) -> Row:
    """The outcome row of a line; matched with an order of the same amount, but for what is given."""
    row: Row = {
        "source": SOURCE,
        "settlement_date": DAY,
        "outcome": outcome,
        "reasons": [],
        "archive_id": of["archive_id"],
        "line_no": of["line_no"],
        "order_id": of["merchant_reference"],
        "currency": of["currency"],
        "expected": of["gross"],
        "got": of["gross"],
        "delta": Decimal(0),
        "pass": "psp_reference",
        "first_seen": DAY,
        "age_days": 0,
        "item_id": f"item-{of['line_no']}",
    }
    return row | but


def missing(order: str, amount: str, **but: Any) -> Row:
    """The outcome row of an order that no line pays."""
    row: Row = {
        "source": SOURCE,
        "settlement_date": DAY,
        "outcome": "missing_in_settlement",
        "reasons": [reason("LINE_NOT_FOUND")],
        "order_id": order,
        "currency": "PEN",
        "expected": Decimal(amount),
        "delta": -Decimal(amount),
        "first_seen": DAY,
        "age_days": 0,
        "item_id": f"item-{order}",
    }
    return dict.fromkeys(OUTCOMES.names) | row | but


def reason(code: str, **more: Any) -> Row:
    """One reason of a row."""
    return {"code": code, "field": None, "expected": None, "got": None, "delta": None} | more


def still_open(outcome: Row, of: Row | None = None, order: Row | None = None) -> Row:
    """The open item an outcome row leaves."""
    return {name: outcome[name] for name in OPEN_ITEMS.names if name in outcome} | {"line": of, "order": order}


def credit(credit_id: str, amount: str, reference: str, currency: str = "PEN") -> Row:
    """A bank credit of the day after."""
    return {
        "credit_id": credit_id,
        "account": "main",
        "value_date": NEXT,
        "currency": currency,
        "amount": Decimal(amount),
        "reference": reference,
    }


def admitted(archive_id: str = ARCHIVE, **but: Any) -> AdmissionRow:
    """The admission of the day's archive."""
    values: Row = {
        "verdict": Verdict.ADMITTED,
        "reason": None,
        "detail": None,
        "archive_id": archive_id,
        "bytes": 1000,
        "shape": "signed_then_encrypted",
        "lines": 3,
    }
    return AdmissionRow(Admission(**(values | but)), f"pe_settlement_{archive_id[:4]}.zip.pgp", NOON)


def checked(*, success: bool = True) -> CheckReport:
    """A report of one expectation."""
    result = CheckResult(
        "net_adds_up", CheckSeverity.CRITICAL, success, 3, 0 if success else 1, "net = gross - fee - tax"
    )
    return CheckReport(SOURCE, DAY, success, (result,))


@dataclass(frozen=True)
class Story:
    """One day as rows; `write` puts it on disk as the steps before publish leave it."""

    lines: tuple[Row, ...] = ()
    outcomes: tuple[Row, ...] = ()
    opened: tuple[Row, ...] | None = None
    left_open: tuple[Row, ...] | None = None
    credits: tuple[Row, ...] | None = None
    bank_before: tuple[Path, ...] = ()
    admissions: tuple[AdmissionRow, ...] = field(default_factory=lambda: (admitted(),))
    day: date = DAY
    check: CheckReport | None = field(default_factory=checked)

    def but(self, **changes: Any) -> Story:
        """The same day, otherwise."""
        return replace(self, **changes)

    def write(self, folder: Path) -> DayFiles:
        """The day's files in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        return DayFiles(
            settlement_date=self.day,
            as_of=NOON,
            lines=(parquet(folder / "lines.parquet", LINES, self.lines),) if self.lines else (),
            outcomes=parquet(folder / "outcomes.parquet", OUTCOMES, self.outcomes),
            open_items_before=optional(folder / "opened.parquet", OPEN_ITEMS, self.opened),
            open_items=optional(folder / "open_items.parquet", OPEN_ITEMS, self.left_open),
            bank_matches=self._at_the_bank(folder),
            snapshot_hash="5" * 64,
            admissions=self.admissions,
            check=self.check,
        )

    def _at_the_bank(self, folder: Path) -> Path | None:
        """What matching with the bank leaves, as of the day after."""
        if self.credits is None:
            return None
        out = folder / "bank_matches.parquet"
        lines = [parquet(folder / "lines.parquet", LINES, self.lines)]
        with duckdb_engine(folder) as db:
            given = {
                "todays_lines": (LINES, lines),
                "bank_credits": (BANK_CREDITS, [parquet(folder / "bank.parquet", BANK_CREDITS, self.credits)]),
                "bank_before": (BANK_MATCHES, self.bank_before),
            }
            for name, (table, files) in given.items():
                open_input(db, name, table, files, lacking=lacking_columns(table, files), small=False)
            today = self.day + timedelta(days=1)
            write_bank_matches(db, source=SOURCE, settlement_date=self.day, today=today, window_days=5, out=out)
        return out


def plain() -> Story:
    """Two matched payments, one of a wrong amount, a payout that fits, and its bank credit; one order is missing."""
    lines = (line(1), line(2), line(3, gross=Decimal("90")), payout(4, "275.87"))
    wrong = [reason("AMOUNT_DIFFERS", field="gross", expected="100", got="90", delta=Decimal("-10"))]
    outcomes = (
        judged(lines[0]),
        judged(lines[1]),
        judged(lines[2], "amount_mismatch", expected=Decimal(100), delta=Decimal(-10), reasons=wrong),
        judged(lines[3], "not_an_order", order_id=None, expected=None, delta=None),
        missing("ORDER9", "40"),
    )
    return Story(lines, outcomes, credits=(credit("C1", "275.87", "B1"),))


def parquet(path: Path, table: Table, rows: tuple[Row, ...]) -> Path:
    """`rows` as a Parquet file with the canonical schema of `table`."""
    pq.write_table(pa.Table.from_pylist(list(rows), schema=arrow_schema(table)), path)
    return path


def optional(path: Path, table: Table, rows: tuple[Row, ...] | None) -> Path | None:
    """As `parquet`; None when there is nothing to write."""
    return None if rows is None else parquet(path, table, rows)


def published(made: SandboxDay, folder: Path, url: str) -> tuple[ReconcileReport, Publication]:
    """A sandbox day through the real steps, from its archive to the marts of `url`."""
    source = load_source(made.source)
    admission = admit(made.archives[0], source, keyring=made.keyring, out=folder, now=NOON)
    lines = tuple(sorted(folder.glob("lines*.parquet")))
    report = reconcile(
        lines=lines,
        orders=made.orders,
        source=source,
        as_of=made.as_of,
        out=folder,
        claims=made.claims,
        bank_credits=made.bank_credits,
    )
    day = DayFiles(
        settlement_date=made.day,
        as_of=made.as_of,
        lines=lines,
        outcomes=Path(report.outcomes_path),
        open_items_before=None,
        open_items=Path(report.open_items_path),
        snapshot_hash=report.snapshot_hash,
        bank_matches=Path(str(report.bank_matches_path)),
        admissions=(AdmissionRow(admission, made.archives[0].name, NOON),),
    )
    return report, publish(day, source, url=url, now=NOON)
