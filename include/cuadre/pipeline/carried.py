"""What a day inherits from earlier ones: open items that come up again, orders used up, money given back, and how
batches stand at the bank.

Only days strictly before it count, so that a re-run of an old day judges as it did then. What was inherited is kept by
its hash, so that a day judged before an earlier one was there, or before it changed, is found and run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from cuadre.config.source import Source
from cuadre.model.codes import CLEARED, LINKED_LINE_TYPES
from cuadre.model.literals import literals
from cuadre.model.parquet import parquet_sql
from cuadre.pipeline.lake import Lake

CLAIMS_DAYS = 35
"""At least so many days are looked back for orders cleared and money given back; what is older counts no more."""

_CLEARED = literals(outcome.name for outcome in CLEARED)
_RETURNS = literals(LINKED_LINE_TYPES)
_PAYS = f"line_type = 'PAYMENT' AND outcome IN ({_CLEARED}) AND order_id IS NOT NULL"
_GIVES_BACK = f"line_type IN ({_RETURNS}) AND (order_id IS NOT NULL OR pass = 'original_reference')"
_NAMES = "archive_id, line_no, psp_reference, merchant_reference, original_reference"
_LINE = "order_id, archive_id, line_no, settlement_date, line_type, currency"

_UNNAMED = f"""
    SELECT DISTINCT archive_id, line_no
    FROM outcomes
    WHERE ({_PAYS} AND pass <> 'psp_reference') OR ({_GIVES_BACK} AND order_id IS NULL)
"""
"""Lines whose own references are needed, because no order is known to have them."""

_CLAIMS = f"""
    SELECT {_LINE}, expected AS gross
    FROM outcomes
    WHERE {_PAYS}
    UNION ALL
    SELECT order_id, NULL, NULL, settlement_date, 'PAYMENT', currency, expected
    FROM outcomes
    WHERE archive_id IS NULL AND outcome IN ({_CLEARED}) AND order_id IS NOT NULL
    UNION ALL
    SELECT {_LINE}, got AS gross
    FROM outcomes
    WHERE {_GIVES_BACK}
    QUALIFY ROW_NUMBER() OVER (PARTITION BY archive_id, line_no ORDER BY settlement_date DESC) = 1
"""


def day_before(lake: Lake, day: date) -> date | None:
    """The latest reconciled day before `day`, whose open items it inherits; None when there is none."""
    return max((each for each in lake.days() if each < day), default=None)


def open_items(lake: Lake, day: date) -> dict[str, Any] | None:
    """The file record of the open items `day` inherits; None when there is no day before it."""
    before = day_before(lake, day)
    return file_of(lake, before, "open_items") if before else None


def claims(
    lake: Lake, source: Source, day: date, out: Path, outcomes_of: Callable[[date], Path] | None = None
) -> Path | None:
    """Write what lines of earlier days cleared or gave back to `out`, sorted; None when no day is in reach.

    `outcomes_of` says where the outcomes of an earlier day are, when not in the lake.
    """
    earlier = _in_reach(lake, source, day)
    if not earlier:
        return None
    if outcomes_of is None:
        outcomes = lake.local([file_of(lake, each, "outcomes") for each in earlier])
    else:
        outcomes = [outcomes_of(each) for each in earlier]
    write_claims(outcomes, out, lambda archives: _lines_before(lake, day, archives))
    return out


def _lines_before(lake: Lake, day: date, archives: set[str]) -> list[Path]:
    """Local copies of the admitted lines of `archives`, which are of days before `day`."""
    files: list[dict[str, Any]] = []
    wanted = set(archives)
    for each in reversed([each for each in lake.days() if each < day]):
        for archive_id in sorted(wanted.intersection(lake.read(lake.day(each))["archives"])):
            files += lake.read(lake.admission(each, archive_id))["lines"]
            wanted.discard(archive_id)
        if not wanted:
            break
    return lake.local(files)


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
    hashes = {
        f"{each} outcomes": str(file_of(lake, each, "outcomes")["sha256"]) for each in _in_reach(lake, source, day)
    }
    if before := open_items(lake, day):
        hashes["open_items"] = before["sha256"]
    bank = _at_the_bank(lake, source, day)
    return hashes | {f"{each} bank_matches": str(file["sha256"]) for each, file in bank.items()}


def outdated(lake: Lake, source: Source, day: date) -> date | None:
    """The first day after `day` that was reconciled on something else than it would inherit now; None without any."""
    for later in (each for each in lake.days() if each > day):
        if lake.read(lake.day(later)).get("inherited") != inherited(lake, source, later):
            return later
    return None


def write_claims(outcomes: list[Path], out: Path, lines: Callable[[set[str]], Sequence[Path]]) -> None:
    """What `outcomes` clear and give back, in the canonical columns of `claims`, to the Parquet file `out`.

    A line that came up on several days is there once, as of the last of them. An order that was paid together with
    others has a row of its own, without the line. The line's references are there only where no order is known to
    have them: for a payment that another pass than the provider's reference paired, and a return of a payment without
    an order.

    Args:
        outcomes: The outcomes of earlier days, one file each.
        out: The file to write.
        lines: Gives the files of admitted lines of archives, by their ids; not called where no reference is needed.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW outcomes AS FROM {parquet_sql(outcomes)}")
        connection.execute(f"CREATE TABLE unnamed AS {_UNNAMED}")
        archives = {row[0] for row in connection.sql("SELECT DISTINCT archive_id FROM unnamed").fetchall()}
        claims = f"({_CLAIMS})"
        if files := list(lines(archives)) if archives else []:
            named = f"SELECT {_NAMES} FROM {parquet_sql(files)} SEMI JOIN unnamed USING (archive_id, line_no)"
            connection.execute(f"CREATE TABLE named AS {named}")
            claims += " LEFT JOIN named USING (archive_id, line_no)"
        rows = connection.sql(f"FROM {claims} ORDER BY order_id, archive_id, line_no, settlement_date")
        rows.write_parquet(str(out), compression="zstd")


def _in_reach(lake: Lake, source: Source, day: date) -> list[date]:
    """The reconciled days whose cleared orders are used up on `day`."""
    lag = source.settlement.in_hand_on(day) - day
    reach = max(CLAIMS_DAYS, source.orders.lookback_days + lag.days)
    return [each for each in lake.days() if day - timedelta(days=reach) <= each < day]


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
