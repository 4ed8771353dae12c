"""A sandbox day on which one batch was settled wrongly: the incident names it, and on another day names none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.config import Source, load_source
from cuadre.marts import AdmissionRow, DayFiles
from cuadre.marts.causes import Shared, shared_of_day
from cuadre.model.codes import IncidentKind
from cuadre.model.records import Finding, ReconcileReport
from cuadre.pipeline.admit import admit
from cuadre.pipeline.alert import findings_of_day
from cuadre.pipeline.causes import with_causes
from cuadre.pipeline.publish import publish
from cuadre.pipeline.reconcile import reconcile


def _short(line: dict[str, Any], batch: str) -> dict[str, Any]:
    """The line, S/1.50 short when it is a payment of the batch."""
    less = Decimal("1.5") if line["batch_id"] == batch and line["line_type"] == "PAYMENT" else Decimal(0)
    return line | {"gross": line["gross"] - less, "net": line["net"] - less}


@pytest.mark.parametrize("planted", [True, False])
def test_the_incident_says_which_batch_the_breaks_are(
    sandbox_day: Callable[..., Any], warehouse_url: str, tmp_path: Path, planted: bool
) -> None:
    made = sandbox_day(3_000, breaks=0.02, seed=11)
    source = load_source(made.source)
    admission = admit(made.archives[0], source, keyring=made.keyring, out=tmp_path / "lines", now=made.as_of)
    table = pq.read_table(tmp_path / "lines")
    sizes = Counter(table["batch_id"].to_pylist())
    batch = min((size, name) for name, size in sizes.items() if size > 150)[1]
    if planted:
        table = pa.Table.from_pylist([_short(line, batch) for line in table.to_pylist()], schema=table.schema)
    lines = tmp_path / "day.parquet"
    pq.write_table(table, lines)
    report = reconcile(
        lines=lines, orders=made.orders, source=source, as_of=made.as_of, out=tmp_path / "out", claims=made.claims
    )
    _publish(made, source, report, lines, AdmissionRow(admission, made.archives[0].name, made.as_of), warehouse_url)

    shared = shared_of_day(warehouse_url, source.source, made.day)
    (ratio,) = (f for f in with_causes(findings_of_day(source, None, report), shared) if f.kind.name == "break_ratio")
    assert (f" breaks are batch {batch} (lift " in ratio.cause) == planted
    assert ("lift" in ratio.cause) == planted
    if planted:
        whole = sum(total.count for total in report.outcomes if total.outcome == "amount_mismatch")
        cause = next(each for each in shared if (each.outcome, each.value) == ("amount_mismatch", batch))
        assert cause.of_breaks == whole
        assert f" % of {report.breaks:,} breaks are batch {batch} (lift " in ratio.cause


def _publish(made: Any, source: Source, report: ReconcileReport, lines: Path, row: AdmissionRow, url: str) -> None:
    day = DayFiles(
        settlement_date=made.day,
        as_of=made.as_of,
        lines=(lines,),
        outcomes=Path(report.outcomes_path),
        open_items_before=None,
        open_items=Path(report.open_items_path),
        orders=made.orders,
        suggestions=Path(report.suggestions_path),
        snapshot_hash=report.snapshot_hash,
        admissions=(row,),
    )
    done = publish(day, source, url=url, now=made.as_of)
    assert done.rows["recon_suggestion"] == report.suggestions > 0


def _shared(value: str, **but: Any) -> Shared:
    values: dict[str, Any] = {
        "scope": "new", "outcome": "any", "dimension": "batch", "value": value, "breaks": 4620, "of_breaks": 4812,
        "base_share": Decimal("0.025"), "lift": Decimal("38.4"), "at_risk": {"PEN": Decimal(1204550)},
        "of_at_risk": {"PEN": Decimal(1369000)},
    }  # fmt: skip
    return Shared(**(values | but))


def test_the_words_of_both_incidents() -> None:
    shared = [_shared("B000412"), _shared("B000412", scope="open")]
    ratio, money, other = with_causes(
        [
            Finding(IncidentKind.break_ratio, "Many."),
            Finding(IncidentKind.unreconciled_money, "Much.", money={"PEN": Decimal(1369000)}),
            Finding(IncidentKind.task_failed, "Failed."),
        ],
        shared,
    )
    assert ratio.cause == "Many. 96 % of 4,812 breaks are batch B000412 (lift 38, PEN 1,204,550.00)."
    assert money.cause == "Much. 87 % of PEN 1,369,000.00 is batch B000412 (4,620 breaks, lift 38)."
    assert other.cause == "Failed."


def test_a_value_stays_short_and_on_one_line() -> None:
    (finding,) = with_causes([Finding(IncidentKind.break_ratio, "Many.")], [_shared("B\n\x1b[1m" + "x" * 500)])
    assert "\n" not in finding.cause
    assert "B??[1mxxx" in finding.cause
    assert len(finding.cause) < 200
