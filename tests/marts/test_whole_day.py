"""A sandbox day through the real steps: what is published adds up with what reconcile reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cuadre.model.codes import BREAKS
from tests.marts.conftest import Reader
from tests.marts.days import published


def test_a_planted_day_is_published_as_it_was_reconciled(
    sandbox_day: Callable[..., Any], warehouse_url: str, read: Reader, tmp_path: Path
) -> None:
    made = sandbox_day(400, breaks=0.2)
    report, done = published(made, tmp_path, warehouse_url)

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
