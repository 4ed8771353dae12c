"""The asset a published settlement day updates: one for each source, one partition for each settlement date."""

from __future__ import annotations

from datetime import date
from typing import Any

from airflow.sdk import Asset


def published_asset(source: str) -> Asset:
    """What `publish` of `source` updates; schedule on it with a PartitionedAssetTimetable."""
    return Asset(name=f"settlement__{source}", uri=f"cuadre://recon/{source}", group="settlement")


def announce(context: Any, source: str, day: date, report: dict[str, Any], publication: dict[str, Any]) -> None:
    """Put the settlement date and the day's counts and sums on the asset event of the running task."""
    event = context["outlet_events"][published_asset(source)]
    event.add_partitions(day.isoformat())
    event.extra = {
        "settlement_date": day.isoformat(),
        "lines": report["lines"],
        "items": report["items"],
        "breaks": report["breaks"],
        "open_items": report["open_items"],
        "outcomes": report["outcomes"],
        "changed": publication["changed"],
        "rows": publication["rows"],
        "mart_hash": publication["mart_hash"],
    }
