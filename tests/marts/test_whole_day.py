"""A sandbox day through the real steps: what is published adds up with what reconcile reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cuadre.config import Source, load_source
from cuadre.marts import AdmissionRow, DayFiles
from cuadre.model.codes import BREAKS
from cuadre.pipeline.admit import admit
from cuadre.pipeline.publish import publish
from cuadre.pipeline.reconcile import reconcile
from tests.marts.conftest import Reader
from tests.marts.days import NOON


def test_a_planted_day_is_published_as_it_was_reconciled(
    sandbox_day: Callable[..., Any], warehouse_url: str, read: Reader, tmp_path: Path
) -> None:
    made = sandbox_day(400, breaks=0.2)
    source: Source = load_source(made.source)
    admission = admit(made.archives[0], source, keyring=made.keyring, out=tmp_path, now=NOON)
    files = tuple(sorted(tmp_path.glob("lines*.parquet")))
    report = reconcile(
        lines=files,
        orders=made.orders,
        source=source,
        as_of=made.as_of,
        out=tmp_path,
        claims=made.claims,
        bank_credits=made.bank_credits,
    )
    day = DayFiles(
        settlement_date=made.day,
        as_of=made.as_of,
        lines=files,
        outcomes=Path(report.outcomes_path),
        open_items_before=None,
        open_items=Path(report.open_items_path),
        snapshot_hash=report.snapshot_hash,
        admissions=(AdmissionRow(admission, made.archives[0].name, NOON),),
        bank_matches=Path(str(report.bank_matches_path)),
    )
    done = publish(day, source, url=warehouse_url, now=NOON)

    assert (done.rows["recon_line"], done.rows["recon_break"]) == (report.items, report.breaks)
    risk: dict[str, Any] = {}
    for total in report.outcomes:
        if total.outcome in {outcome.name for outcome in BREAKS}:
            risk[total.currency] = risk.get(total.currency, 0) + total.at_risk
    daily = {row["currency"]: row for row in read("SELECT * FROM recon.recon_daily")}
    assert {currency: row["unreconciled"] for currency, row in daily.items() if row["unreconciled"]} == risk
    assert sum(row["breaks"] for row in daily.values()) == report.breaks
    orders = read("SELECT psp_reference FROM recon.recon_break WHERE outcome = 'missing_in_settlement'")
    assert orders
    assert any(row["psp_reference"] for row in orders)
