"""Lines of a small, clean settlement day, made by hand, and a way to plant faults in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.config import Source, load_source
from cuadre.model.arrow import arrow_schema
from cuadre.model.columns import LINES

DAY = date(2026, 3, 5)
ARCHIVE = "5e" * 32
EXAMPLE = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"

Line = dict[str, Any]
Write = Callable[..., Path]


@pytest.fixture(scope="session")
def source() -> Source:
    return load_source(EXAMPLE)


def line(line_no: int, line_type: str, gross: str, fee: str, tax: str, **changes: Any) -> Line:
    """One line whose net adds up; `changes` override any column."""
    amounts = {name: Decimal(value) for name, value in (("gross", gross), ("fee", fee), ("tax", tax))}
    is_payment = line_type == "PAYMENT"
    return {
        "source": "pagoefectivo_pe",
        "archive_id": ARCHIVE,
        "line_no": line_no,
        "settlement_date": DAY,
        "batch_id": "LOTE-1",
        "line_type": line_type,
        "psp_reference": f"2400{line_no:04}" if is_payment else None,
        "operation_reference": f"OP-{line_no:04}" if is_payment else None,
        "merchant_reference": f"ORD-{line_no:04}" if is_payment else None,
        "original_reference": "24000001" if line_type == "REFUND" else None,
        "currency": "PEN",
        **amounts,
        "net": amounts["gross"] - amounts["fee"] - amounts["tax"],
        "occurred_at": datetime(2026, 3, 5, 15, line_no, tzinfo=UTC),
        "channel": "agent" if is_payment else None,
        **changes,
    }


def clean_day() -> list[Line]:
    """Three payments by the contract of the example source, a refund, a payout.

    The contract: 3.99 %, at least 3.50, and 18 % of that as tax.

    Nets: 100 - 3.99 - 0.72 = 95.29; 50 - 3.50 - 0.63 = 45.87; 500 - 19.95 - 3.59 = 476.46; -20; together 597.62.
    """
    return [
        line(1, "PAYMENT", "100.00", "3.99", "0.72"),
        line(2, "PAYMENT", "50.00", "3.50", "0.63"),
        line(3, "PAYMENT", "500.00", "19.95", "3.59"),
        line(4, "REFUND", "-20.00", "0", "0"),
        line(5, "PAYOUT", "-597.62", "0", "0"),
    ]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes lines as Parquet; `schema` takes the place of the registry's."""

    def to_parquet(lines: list[Line], name: str = "lines.parquet", schema: pa.Schema | None = None) -> Path:
        given = {name for each in lines for name in each}
        nullable = pa.schema([field.with_nullable(True) for field in arrow_schema(LINES, given)])
        path = tmp_path / name
        pq.write_table(pa.Table.from_pylist(lines, schema=schema or nullable), path, compression="zstd")
        return path

    return to_parquet
