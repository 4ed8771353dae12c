"""The store's keys: what stands among the records of days and is none is named, never taken for a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cuadre.model.errors import StoreDamaged
from cuadre.pipeline.lake import Lake
from cuadre.sources import open_store

DAYS = (date(2026, 3, 2), date(2026, 3, 3))


@pytest.mark.parametrize(
    "stray", ["notes.txt", "2026-03-04.json.bak", "20260304.json", "2026-03-04", "old/2026-03-04.json"]
)
def test_a_stray_file_among_the_records_of_days_is_named(tmp_path: Path, stray: str) -> None:
    lake = Lake(open_store(str(tmp_path), tmp_path / "scratch"), "shop_pe")
    for day in reversed(DAYS):
        lake.write(lake.day(day), {"run": "r"})
    assert lake.days() == list(DAYS)
    key = f"lake/shop_pe/days/{stray}"
    lake.store.put_bytes(key, b"{}")
    with pytest.raises(StoreDamaged) as said:
        lake.days()
    assert str(said.value).startswith(f"{key} is no record of a day")


@pytest.mark.parametrize("stray", ["notes.txt", "20260304/a.json", "2026-03-04/old/a.json", "monday/a.json"])
def test_a_stray_file_among_the_records_of_deliveries_is_named(tmp_path: Path, stray: str) -> None:
    lake = Lake(open_store(str(tmp_path), tmp_path / "scratch"), "shop_pe")
    for day in DAYS:
        lake.write(lake.index(day, "d1"), {"parts": []})
    assert lake.fetched() == list(DAYS)
    lake.store.put_bytes(f"index/shop_pe/{stray}", b"{}")
    with pytest.raises(StoreDamaged, match=f"index/shop_pe/{stray.rpartition('/')[0]}.* is no record of a day"):
        lake.fetched()
