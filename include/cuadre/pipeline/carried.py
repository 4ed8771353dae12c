"""What a day inherits from earlier ones: open items that come up again, what they claim (`past.py`), and how batches
stand at the bank.

Only days strictly before it count, so that a re-run of an old day judges as it did then. What was inherited is kept by
its hash, so that a day judged before an earlier one was there, or before it changed, is found and run again.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from cuadre.config.source import Source
from cuadre.model.parquet import parquet_sql
from cuadre.pipeline.lake import Lake
from cuadre.pipeline.past import HANDED_ON, in_reach, out_of_reach


def day_before(lake: Lake, day: date) -> date | None:
    """The latest reconciled day before `day`, whose open items it inherits; None when there is none."""
    return max((each for each in lake.days() if each < day), default=None)


def open_items(lake: Lake, day: date) -> dict[str, Any] | None:
    """The file record of the open items `day` inherits; None when there is no day before it."""
    before = day_before(lake, day)
    return file_of(lake, before, "open_items") if before else None


def bank_matches(lake: Lake, source: Source, day: date, out: Path) -> Path | None:
    """Write how batches stood at the bank on earlier days to `out`, sorted; None when no day says so."""
    earlier = _at_the_bank(lake, source, day)
    if not earlier:
        return None
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.sql(f"FROM {parquet_sql(lake.local(list(earlier.values())))} ORDER BY ALL")
        rows.write_parquet(str(out), compression="zstd")
    return out


def credits_since(source: Source, day: date) -> date:
    """The first value date of the bank credits that `day` is held against."""
    from cuadre.matching.bank import look_back

    return day - look_back(source.bank_window_days)


def inherited(lake: Lake, source: Source, day: date) -> dict[str, str]:
    """The SHA-256 of every file `day` inherits from as things are now, by day and name."""
    earlier, hashes = in_reach(lake, source, day), {}
    for each in earlier:
        hashes[f"{each} outcomes"] = str(file_of(lake, each, "outcomes")["sha256"])
    if before := open_items(lake, day):
        hashes["open_items"] = before["sha256"]
    if earlier:
        left = lake.read(lake.day(earlier[-1]))["files"]
        hashes |= {name: left[name]["sha256"] for name in HANDED_ON if name in left}
    bank = _at_the_bank(lake, source, day)
    return hashes | {f"{each} bank_matches": str(file["sha256"]) for each, file in bank.items()}


def searched(lake: Lake, source: Source, day: date, since: date | None) -> dict[str, str]:
    """The SHA-256 of the outcomes of days out of reach that `day` searched, from `since` on, as things are now."""
    days = out_of_reach(lake, source, day, since)
    return {f"{each} outcomes": str(file_of(lake, each, "outcomes")["sha256"]) for each in days}


def outdated(lake: Lake, source: Source, day: date) -> date | None:
    """The first day after `day` that was reconciled on something else than it would inherit now; None without any."""
    for later in (each for each in lake.days() if each > day):
        record = lake.read(lake.day(later))
        since = date.fromisoformat(record["searched_since"]) if record.get("searched_since") else None
        now = inherited(lake, source, later) | searched(lake, source, later, since)
        if record.get("inherited") != now:
            return later
    return None


def _at_the_bank(lake: Lake, source: Source, day: date) -> dict[date, dict[str, Any]]:
    """What reconciled days before `day` say of the bank, as far back as a credit of today may have been used.

    The latest of them is there whatever its age: it has every batch that is still open.
    """
    if source.bank is None:
        return {}
    reach = credits_since(source, day) - timedelta(days=source.bank_window_days)
    found: dict[date, dict[str, Any]] = {}
    for each in reversed([each for each in lake.days() if each < day]):
        if found and each < reach:
            break
        if file := lake.read(lake.day(each))["files"].get("bank_matches"):
            found[each] = file
    return found


def file_of(lake: Lake, day: date, name: str) -> dict[str, Any]:
    """The file record of `name` among what the run of `day` left."""
    record: dict[str, Any] = lake.read(lake.day(day))["files"][name]
    return record


def left_in(lake: Lake, day: date, name: str) -> Path | None:
    """A local copy of the file `name` that the run of `day` left; None when it left none."""
    file = lake.read(lake.day(day))["files"].get(name)
    return lake.local([file])[0] if file else None
