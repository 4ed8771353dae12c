"""Past days recomputed under other rules, in a scratch place, and held against what the lake says of them.

Lines and snapshots are those the days were judged on; what a day hands to the next one is handed on in the scratch.
Nothing is published: no warehouse is asked, and lake and journal are only read. What is compared, and how, is in
`flips.py`.

Batches are not held against the bank again, since that changes no outcome. An order that only the new rules keep open
is judged on later days as it was last seen, and a longer look-back finds no orders that the snapshots did not take.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path

from cuadre.config.settings import compute_settings
from cuadre.config.source import Source
from cuadre.model.codes import RejectionReason, Verdict
from cuadre.model.errors import ArchiveRejected, ConfigurationError, Refusal, StoreDamaged
from cuadre.model.records import FetchedArchive, from_json
from cuadre.pipeline import carried
from cuadre.pipeline.flips import Difference, FlipTotal, differences, totals
from cuadre.pipeline.keeping import Json, admissions_of, lines_of, read_back
from cuadre.pipeline.lake import Lake
from cuadre.pipeline.past import Past
from cuadre.pipeline.workplace import Workplace

_REOPENED = "reopened"
"""Folder for the lines of one day's archives, opened again; gone before the next day."""


@dataclass(frozen=True, slots=True)
class Reopening:
    """What opens the stored archives again: a GnuPG home, and the passphrase of the key in it when it is locked."""

    keyring: Path
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Replay:
    """What other rules would have made of the days.

    `rows` counts the outcomes compared; `flips` are those whose outcome is another one, `changed` those with other
    reasons, amounts or another order under the same outcome. `totals` are the sums of the flips.
    """

    source: str
    days: tuple[date, ...]
    rows: int
    flips: tuple[Difference, ...]
    changed: tuple[Difference, ...]
    totals: tuple[FlipTotal, ...]


def days_to_replay(work: Workplace, source: Source, first: date, last: date) -> tuple[date, ...]:
    """The reconciled days from `first` to `last`, both included; Refusal when there is none.

    Raises ConfigurationError when `last` is before `first`.
    """
    if last < first:
        raise ConfigurationError(f"There is no day from {first} to {last}: the last one is before the first.")
    days = tuple(day for day in work.lake(source).days() if first <= day <= last)
    if not days:
        raise Refusal(f"{source.source}: the store holds no reconciled day from {first} to {last}.")
    return days


def replay(
    work: Workplace,
    rules: Source,
    first: date,
    last: date,
    *,
    reopening: Reopening | None = None,
    reached: Callable[[float], None] = lambda done: None,
) -> Replay:
    """Judge the reconciled days from `first` to `last` anew under `rules`, and say what would come out otherwise.

    Args:
        work: Where the days are kept; only its scratch is written to, and left empty.
        rules: The source under the rules to try; its name says whose days are meant.
        first: The first settlement date.
        last: The last one.
        reopening: Open the stored ciphertexts again, as of when they were first opened; without it, the admitted
            lines are taken as they are kept.
        reached: Called with the number of days done.

    Raises:
        Refusal: there is no such day; or `rules` refuse an archive (ArchiveRejected) or an input.
        StoreDamaged: a file of the days is not what was kept, or not as this version keeps it.
    """
    lake, days, rows = work.lake(rules), days_to_replay(work, rules, first, last), 0
    found: list[Difference] = []
    with work.room() as room, read_back(lake):
        for number, day in enumerate(days, start=1):
            rows += _judge(lake, rules, day, room, reopening)
            (was,) = lake.local([carried.file_of(lake, day, "outcomes")])
            found += differences(was, room / str(day) / "outcomes.parquet", room)
            shutil.rmtree(room / _REOPENED, ignore_errors=True)
            reached(number)
    flips = tuple(each for each in found if each.flips)
    changed = tuple(each for each in found if not each.flips)
    return Replay(rules.source, days, rows, flips, changed, totals(flips))


def _judge(lake: Lake, rules: Source, day: date, room: Path, reopening: Reopening | None) -> int:
    """Reconcile `day` as the line does, but on what was kept and what `room` has of earlier days; its rows."""
    from cuadre.pipeline.reconcile import reconcile

    record, out = lake.read(lake.day(day)), room / str(day)
    out.mkdir()
    (orders,) = lake.local([record["files"]["orders"]])
    before, left = carried.day_before(lake, day), partial(_result, lake, room)
    open_items = left(before, "open_items") if before else None
    lines = _lines(lake, rules, day, room, reopening)
    past = Past(lake, rules, day, out, left)
    earlier = past.with_older(past.recent(), lines, orders, open_items)
    report = reconcile(
        lines=lines,
        orders=orders,
        source=rules,
        as_of=rules.as_of(day),
        out=out,
        settlement_date=day,
        open_items=open_items,
        earlier=earlier.outcomes,
        claims=earlier.claims,
        compute=compute_settings(rules.matching.engine),
    )
    return report.items


def _result(lake: Lake, room: Path, day: date, name: str) -> Path | None:
    """A file that `day` left: in `room` when it was judged anew, or else in the lake; None when it left none."""
    anew = room / str(day) / f"{name}.parquet"
    return anew if anew.exists() else carried.left_in(lake, day, name)


def _lines(lake: Lake, rules: Source, day: date, room: Path, reopening: Reopening | None) -> list[Path]:
    admissions = admissions_of(lake, day)
    if reopening is None:
        return lines_of(lake, admissions)
    return [path for each in admissions for path in _reopened(lake, rules, day, each, room / _REOPENED, reopening)]


def _reopened(lake: Lake, rules: Source, day: date, record: Json, folder: Path, reopening: Reopening) -> list[Path]:
    from cuadre.pipeline.admit import admit

    fetched = from_json(FetchedArchive, record["archive"])
    lines = folder / fetched.archive_id
    admission = admit(
        lake.store.get(fetched.key),
        rules,
        keyring=reopening.keyring,
        out=lines,
        now=datetime.fromisoformat(record["seen_at"]),
        passphrase=reopening.passphrase,
        signature=lake.store.get(fetched.signature_key) if fetched.signature_key else None,
        settlement_date=day,
        name=fetched.name,
    )
    if admission.archive_id != fetched.archive_id:
        raise StoreDamaged(f"{fetched.key} is not what was fetched: restore it from the backup.")
    if admission.verdict is Verdict.REJECTED:
        raise ArchiveRejected(RejectionReason[str(admission.reason)], f"{fetched.name}: {admission.detail}")
    return sorted(lines.glob("*.parquet"))
