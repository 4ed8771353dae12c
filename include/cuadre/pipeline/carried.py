"""What a day inherits from earlier ones: open items that come up again, orders used up, money given back, and how
batches stand at the bank.

Only days strictly before it count, so that a re-run of an old day judges as it did then. What was inherited is kept by
its hash, so that a day judged before an earlier one was there, or before it changed, is found and run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cuadre.config.source import Source
from cuadre.model.parquet import parquet_sql
from cuadre.pipeline.lake import Lake

CLAIMS_DAYS = 35
"""At least so many days are looked back for whatever was cleared or given back; before them, for old records only."""

KNOWN = "known_claims"
"""The file in which a day hands on what it knows of older orders and lines."""

_CLOCKS = timedelta(days=1)
"""So much may a shop's and a provider's idea of a day differ, around midnight."""

FileOf = Callable[[date, str], Path | None]
"""Where the file of some name that an earlier day left is; None when it left none."""


def day_before(lake: Lake, day: date) -> date | None:
    """The latest reconciled day before `day`, whose open items it inherits; None when there is none."""
    return max((each for each in lake.days() if each < day), default=None)


def open_items(lake: Lake, day: date) -> dict[str, Any] | None:
    """The file record of the open items `day` inherits; None when there is no day before it."""
    before = day_before(lake, day)
    return file_of(lake, before, "open_items") if before else None


@dataclass(frozen=True, slots=True)
class Earlier:
    """The files that say what earlier days cleared or gave back: their `outcomes`, and `claims` of days before them."""

    outcomes: tuple[Path, ...]
    claims: tuple[Path, ...]


def earlier(lake: Lake, source: Source, day: date, room: Path, left: FileOf | None = None) -> Earlier:
    """The outcomes of the days in reach, and what the last of them knew of claims of older ones, written to `room`.

    `left` says where the files of an earlier day are, when not in the lake.
    """
    days, of = _in_reach(lake, source, day), left or partial(left_in, lake)
    outcomes = tuple(path for each in days if (path := of(each, "outcomes")))
    known = _handed_on(days, of)
    if known is None:
        return Earlier(outcomes, ())
    from cuadre.pipeline.claims import write_known_before

    out = room / "known_before.parquet"
    write_known_before(known, out, _reach(source, day))
    return Earlier(outcomes, (out,))


def with_older(
    lake: Lake,
    source: Source,
    day: date,
    recent: Earlier,
    room: Path,
    *,
    lines: Sequence[Path],
    orders: Path,
    open_items: Path | None,
    left: FileOf | None = None,
) -> tuple[Earlier, date | None]:
    """Add to `recent` what days out of reach claim, written to `room`; and hand on there what is known.

    One record has one claim, however long ago. An order first heard of before the reach begins, or a line that happened
    before, is searched for from then on, unless the day before knew of it. Without such records no file of these days
    is opened. What is known of the few records older than the look-back is left for the next day.

    Args:
        lake: Where earlier days are kept.
        source: The source.
        day: The settlement date.
        recent: What `earlier` gave.
        room: The folder to write to.
        lines: The lines of the day.
        orders: The snapshot of the day.
        open_items: What the day before left.
        left: Where the files of an earlier day are, when not in the lake.

    Returns:
        The files with what was found, and since when days out of reach were searched; None when they were not.
    """
    from cuadre.pipeline.claims import old_records, without_known, write_known, write_older_claims

    reach, of, found = _reach(source, day), left or partial(left_in, lake), recent
    old = old_records(lines, orders, open_items, _midnight(source, reach + _CLOCKS), room)
    since = None
    if len(old) and (known := _handed_on(_in_reach(lake, source, day), of)):
        old = without_known(old, known, room)
    if len(old):
        since = min(old["begun"].to_pylist()).astimezone(source.zone).date() - _CLOCKS
        older = [path for each in _older(lake, source, day, since) if (path := of(each, "outcomes"))]
        if older:
            out = room / "older_claims.parquet"
            write_older_claims(older, out, old)
            found = replace(recent, claims=(*recent.claims, out))
    # Where settling takes long, every line of a day is older than the look-back; few are as old as half the reach.
    known_from, lines_from = (_midnight(source, each) for each in (day - _look_back(source), reach + (day - reach) / 2))
    wanted = old_records(lines, orders, open_items, known_from, room, lines_before=lines_from)
    write_known(found.outcomes, found.claims, room / f"{KNOWN}.parquet", wanted, open_items)
    return found, since


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
    earlier, hashes = _in_reach(lake, source, day), {}
    for each in earlier:
        hashes[f"{each} outcomes"] = str(file_of(lake, each, "outcomes")["sha256"])
    if before := open_items(lake, day):
        hashes["open_items"] = before["sha256"]
    if earlier and (known := lake.read(lake.day(earlier[-1]))["files"].get(KNOWN)):
        hashes[KNOWN] = known["sha256"]
    bank = _at_the_bank(lake, source, day)
    return hashes | {f"{each} bank_matches": str(file["sha256"]) for each, file in bank.items()}


def searched(lake: Lake, source: Source, day: date, since: date | None) -> dict[str, str]:
    """The SHA-256 of the outcomes of days out of reach that `day` searched, from `since` on, as things are now."""
    days = _older(lake, source, day, since) if since else []
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


def _reach(source: Source, day: date) -> date:
    """The first day whose cleared orders are used up on `day`, whatever the order."""
    lag = source.settlement.in_hand_on(day) - day
    return day - max(timedelta(days=CLAIMS_DAYS), _look_back(source) + lag + _CLOCKS)


def _look_back(source: Source) -> timedelta:
    return timedelta(days=source.orders.lookback_days)


def _in_reach(lake: Lake, source: Source, day: date) -> list[date]:
    return [each for each in lake.days() if _reach(source, day) <= each < day]


def _handed_on(days: Sequence[date], of: FileOf) -> Path | None:
    """What the last of the `days` in reach knew of older records; None when there is none."""
    return of(days[-1], KNOWN) if days else None


def _older(lake: Lake, source: Source, day: date, since: date) -> list[date]:
    return [each for each in lake.days() if since <= each < _reach(source, day)]


def _midnight(source: Source, day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=source.zone)


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
