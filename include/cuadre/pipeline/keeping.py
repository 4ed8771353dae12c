"""What the steps keep of a day in the lake, and how later steps read it back.

Files first, the record that names them last. What is computed from them is the business of the steps (`line.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from pydantic import ValidationError

from cuadre.config.source import Source
from cuadre.marts.day import AdmissionRow, DayFiles
from cuadre.model.codes import ArchiveNote, Verdict
from cuadre.model.errors import StoreDamaged
from cuadre.model.records import Admission, CheckReport, ReconcileReport, from_json, to_json
from cuadre.pipeline.lake import Lake, file_record

Json = dict[str, Any]
"""A JSON-safe record."""

RESULTS = ("outcomes", "open_items", "suggestions", "bank_matches")
"""The files that a reconciliation makes; what it was given is kept beside them."""


@contextmanager
def read_back(lake: Lake) -> Iterator[None]:
    """What is kept is read in here; StoreDamaged where it is not as this version keeps it.

    OSError where DuckDB cannot write what comes of it, as when the disk is full.
    """
    try:
        yield
    except duckdb.IOException as error:
        raise OSError(str(error).removeprefix("IO Error: ").rstrip(".")) from None
    except (KeyError, ValidationError, json.JSONDecodeError, duckdb.BinderException) as error:
        raise StoreDamaged(
            f"{lake.source}: what the store keeps lacks something ({type(error).__name__}): it was written by another "
            "version of Cuadre, or is damaged. Clear the days from `fetch` on, and what can be made again is."
        ) from error


def lines_of(lake: Lake, admissions: Sequence[Json]) -> list[Path]:
    """Local copies of all files of admitted lines, in order of part and name."""
    ordered = sorted(admissions, key=_part)
    return [path for record in ordered for path in lake.local(record["lines"])]


def ids_of(admissions: Sequence[Json]) -> list[str]:
    """The archives of admission records, by part."""
    return [record["archive"]["archive_id"] for record in sorted(admissions, key=_part)]


def admissions_of(lake: Lake, day: date) -> list[Json]:
    """The admission records of the archives that count for a reconciled day, by part."""
    return [lake.read(lake.admission(day, archive_id)) for archive_id in lake.read(lake.day(day))["archives"]]


def keep_checks(lake: Lake, day: date, record: Json) -> Json:
    """Keep the report; the same findings again keep the time they were first made at."""
    place = lake.checks(day)
    before = lake.read(place) if lake.store.exists(place) else {}
    if before.get("report") == record["report"]:
        return before
    lake.write(place, record)
    return record


def keep_docs(lake: Lake, day: date, page: Path) -> str:
    """Keep the page of the data docs; its key."""
    key = lake.docs(day, page.name)
    lake.store.put(key, page)
    return key


def keep_run(lake: Lake, day: date, report: ReconcileReport, scratch: Path) -> Json:
    """Keep every Parquet file of a reconciliation for good, under a name made from their hashes."""
    found = {path.stem: path for path in sorted(scratch.glob("*.parquet"))}
    hashes = {name: file_record(name, path)["sha256"] for name, path in found.items()}
    run = hashlib.sha256(repr(sorted(hashes.items())).encode()).hexdigest()[:16]
    files = {}
    for name, path in found.items():
        key = lake.run(day, run, path.name)
        lake.store.put_new(key, path)
        files[name] = file_record(key, path)
    paths = {f"{name}_path": files[name]["key"] for name in RESULTS if name in files}
    return {"run": run, "report": to_json(report) | paths, "files": files}


def day_files(
    lake: Lake, source: Source, day: date, admissions: Sequence[Json], checked: Json, reconciled: Json
) -> DayFiles:
    """The local files and the records that `publish` makes the day's rows of."""
    named = reconciled["files"]
    files = dict(zip(named, lake.local(list(named.values())), strict=True))
    before, report = reconciled["open_items_before"], from_json(ReconcileReport, reconciled["report"])
    return DayFiles(
        settlement_date=day,
        as_of=source.as_of(day),
        lines=tuple(lines_of(lake, admissions)),
        outcomes=files["outcomes"],
        open_items_before=lake.local([before])[0] if before else None,
        snapshot_hash=report.snapshot_hash,
        bank_matches=files.get("bank_matches"),
        open_items=files["open_items"],
        orders=files["orders"],
        suggestions=files.get("suggestions"),
        admissions=tuple(admission_row(record) for record in admissions),
        check=from_json(CheckReport, checked["report"]),
        checked_at=datetime.fromisoformat(checked["checked_at"]),
    )


def superseded_rows(lake: Lake, day: date, admissions: Sequence[Json]) -> tuple[AdmissionRow, ...]:
    """Archives of the day that were admitted before and are not among `admissions` any more."""
    current = {record["archive"]["archive_id"] for record in admissions}
    rows = [
        admission_row(record)
        for record in lake.records(lake.admission(day))
        if record["archive"]["archive_id"] not in current
    ]
    return tuple(
        replace(
            row,
            admission=replace(row.admission, reason=ArchiveNote.SUPERSEDED.name, detail=ArchiveNote.SUPERSEDED.value),
        )
        for row in rows
        if row.admission.verdict is Verdict.ADMITTED
    )


def admission_row(record: Json) -> AdmissionRow:
    """What the warehouse keeps of an admission record."""
    return AdmissionRow(
        admission=from_json(Admission, record["admission"]),
        file_name=record["archive"]["name"],
        seen_at=datetime.fromisoformat(record["seen_at"]),
    )


def _part(record: Json) -> int:
    part: int = record["archive"]["part"]
    return part
