"""The line a settlement day moves down: wait, fetch, admit, check, reconcile, publish, each as one function.

Every function takes the workplace, the source, the day and what earlier steps returned, leaves a journal record
however it ends, and returns a small JSON-safe record: ids, counts, sums and store keys, never lines. Running one
again, after a crash or on purpose, gives the same result. The last step, alert, is in `alarms.py`. Every task of a
DAG calls one of these and does no work of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path

from cuadre.config.settings import compute_settings
from cuadre.config.source import Source
from cuadre.model.codes import ArchiveNote, RejectionReason, Verdict
from cuadre.model.errors import ArchiveRejected, Overtaken, StoreDamaged
from cuadre.model.records import Admission, FetchedArchive, ReconcileReport, from_json, to_json
from cuadre.pipeline import carried
from cuadre.pipeline.fetch import fetch, from_store, look, not_there, superseded
from cuadre.pipeline.keeping import (
    Json,
    admission_row,
    day_files,
    ids_of,
    keep_checks,
    keep_docs,
    keep_run,
    lines_of,
    superseded_rows,
)
from cuadre.pipeline.lake import file_record
from cuadre.pipeline.past import Past
from cuadre.pipeline.workplace import Workplace
from cuadre.sources import open_transport


def await_archives(work: Workplace, source: Source, day: date, *, now: datetime) -> bool:
    """Whether the day can be fetched: offered in full, or already in the store. False: wait on.

    Raises ArchiveMissing or ArchiveIncomplete when the cut-off has passed, and what the transport raises.
    """
    offer = look(source, day, work.resolver)
    ready = offer.complete or bool(from_store(work.lake(source), day))
    if not ready and now < source.cut_off(day):
        return False
    with work.journalled("wait", source, day, now) as note:
        note["offered"] = list(offer.names)
        if not ready:
            raise not_there(source, day, offer)
    return True


def fetch_day(work: Workplace, source: Source, day: date, *, now: datetime) -> list[Json]:
    """The archives of the day, kept in the store: one FetchedArchive record each, by part.

    Archives they replace are noted in the journal as SUPERSEDED. Raises what `cuadre.pipeline.fetch.fetch` raises.
    """
    lake = work.lake(source)
    with work.journalled("fetch", source, day, now) as note, work.room() as scratch:
        with open_transport(source, work.resolver) as transport:
            archives = fetch(source, day, transport=transport, lake=lake, scratch=scratch, now=now)
        older = superseded(lake, day, archives)
        note["archives"] = [to_json(archive) for archive in archives]
        note["superseded"] = [
            {"archive_id": archive.archive_id, "name": archive.name, "note": ArchiveNote.SUPERSEDED.name}
            for archive in older
        ]
        return list(note["archives"])


def admit_archive(work: Workplace, source: Source, day: date, archive: Json, *, now: datetime) -> Json:
    """Judge one archive and keep its lines: {archive, admission, note, profile, lines: [{key, sha256, bytes}]}.

    What the store holds of an earlier time is not believed: the archive is judged again, by the source file of today,
    and is a DUPLICATE, for which nothing is written, when it comes out just as it is kept. Raises ArchiveRejected after
    the refusal has been recorded in lake, warehouse and journal, and StoreDamaged when the store's ciphertext is not
    what was fetched.
    """
    lake, fetched = work.lake(source), from_json(FetchedArchive, archive)
    place = lake.admission(day, fetched.archive_id)
    with work.journalled("admit", source, day, now) as note:
        note["archive_id"] = fetched.archive_id
        record = _admit(work, source, day, fetched, now)
        if lake.store.exists(place) and _says_the_same(kept := lake.read(place), record):
            record = kept | {"note": ArchiveNote.DUPLICATE.name}
        else:
            lake.write(place, record)
        note.update(admission=record["admission"], note=record["note"])
        admission = from_json(Admission, record["admission"])
        if admission.verdict is Verdict.REJECTED:
            _record_refusal(work, source, day, record, now)
            raise ArchiveRejected(RejectionReason[str(admission.reason)], admission.detail or "")
        return record


def check_day(work: Workplace, source: Source, day: date, admissions: Sequence[Json], *, now: datetime) -> Json:
    """Run the expectations over the day's admitted lines: the CheckReport record; GateClosed after keeping it."""
    from cuadre.pipeline.check import check, gate
    from cuadre.pipeline.publish import record_checks

    lake = work.lake(source)
    with work.journalled("check", source, day, now) as note, work.room() as scratch:
        report = check(lines_of(lake, admissions), source, settlement_date=day, docs=scratch / "docs")
        docs = keep_docs(lake, day, Path(str(report.data_docs)))
        record = keep_checks(
            lake, day, {"report": to_json(report) | {"data_docs": docs}, "checked_at": now.isoformat()}
        )
        note.update(passed=report.passed, failed=[result.check_name for result in report.failed])
        if not report.passed:
            record_checks(report, source, url=work.warehouse(source).get_secret_value(), now=now)
        gate(report)
        return record


def reconcile_day(work: Workplace, source: Source, day: date, admissions: Sequence[Json], *, now: datetime) -> Json:
    """Match the day: {run, report, files: {name: {key, sha256, bytes}}, archives, open_items_before, inherited,
    searched_since}.

    Orders and bank credits are snapshots of the warehouse, kept beside the outcomes; the day is judged as of the
    source's `as_of`, not of `now`. `inherited` holds the hashes of what earlier days left for this one; those of days
    from `searched_since` on are among it, when old records made the day look back further than it always does.
    """
    lake = work.lake(source)
    with work.journalled("reconcile", source, day, now) as note, work.room() as scratch:
        before, inherited = carried.open_items(lake, day), carried.inherited(lake, source, day)
        report, since = _reconcile(work, source, day, lines_of(lake, admissions), before, scratch)
        taken = {
            "archives": ids_of(admissions),
            "open_items_before": before,
            "inherited": inherited | carried.searched(lake, source, day, since),
            "searched_since": since.isoformat() if since else None,
        }
        record = keep_run(lake, day, report, scratch) | taken
        lake.write(lake.day(day), record)
        note.update(run=record["run"], items=report.items, breaks=report.breaks)
        return record


def publish_day(
    work: Workplace,
    source: Source,
    day: date,
    admissions: Sequence[Json],
    checked: Json,
    reconciled: Json,
    *,
    now: datetime,
) -> Json:
    """Put the day into the marts in one transaction, and leave its receipt: the Publication record.

    Raises ControlSumMismatch, and Overtaken when `reconciled` is no longer what counts for the day. SigningFailed
    leaves the day published and without a receipt, which the next try writes.
    """
    from cuadre.pipeline.publish import publish, record_admissions
    from cuadre.pipeline.receipts import leave_receipt

    lake, url = work.lake(source), work.warehouse(source).get_secret_value()
    with work.journalled("publish", source, day, now) as note:
        if lake.read(lake.day(day))["run"] != reconciled["run"]:
            raise Overtaken(f"{source.source}: another run has reconciled {day} since; what that one publishes counts.")
        if older := superseded_rows(lake, day, admissions):
            record_admissions(older, source, day, url=url, now=now)
        files = day_files(lake, source, day, admissions, checked, reconciled)
        publication = publish(files, source, url=url, now=now)
        note.update(to_json(publication))
    with work.journalled("receipt", source, day, now) as note:
        note.update(leave_receipt(work, source, day, admissions, reconciled, publication, now=now))
    return to_json(publication)


def outdated_day(work: Workplace, source: Source, day: date) -> date | None:
    """The first later day that was reconciled before this one, or on what this one said before it changed.

    Run the line for it next; it will name the one after it. None when every later day is as it would come out now.
    """
    return carried.outdated(work.lake(source), source, day)


def _says_the_same(kept: Json, record: Json) -> bool:
    """Whether both admit the same lines of the same archive, found in the same way."""
    if record["admission"]["verdict"] != Verdict.ADMITTED.value:
        return False
    said = ("admission", "profile", "lines")
    same = all(kept[name] == record[name] for name in said)
    return same and kept["archive"].get("signature_key") == record["archive"].get("signature_key")


def _admit(work: Workplace, source: Source, day: date, fetched: FetchedArchive, now: datetime) -> Json:
    from cuadre.pipeline.admit import admit

    lake = work.lake(source)
    with work.room() as scratch:
        admission = admit(
            lake.store.get(fetched.key),
            source,
            keyring=work.keyring(source),
            out=scratch / "lines",  # so that its quarantine lies in the room, and is swept with it
            now=now,
            passphrase=work.passphrase(source),
            signature=lake.store.get(fetched.signature_key) if fetched.signature_key else None,
            settlement_date=day,
            name=fetched.name,
        )
        if admission.archive_id != fetched.archive_id:
            raise StoreDamaged(f"{fetched.key} is not what was fetched: restore it from the backup, or fetch it anew.")
        lines = []
        for path in sorted((scratch / "lines").glob("lines*.parquet")) if admission.verdict is Verdict.ADMITTED else ():
            file = file_record(lake.lines(day, fetched.archive_id, path.name), path)
            if not lake.holds(file):
                lake.store.put(file["key"], path)
            lines.append(file)
    return {
        "archive": to_json(fetched),
        "seen_at": now.isoformat(),
        "admission": to_json(admission),
        "note": None,
        "profile": source.profile,
        "lines": lines,
    }


def _record_refusal(work: Workplace, source: Source, day: date, record: Json, now: datetime) -> None:
    from cuadre.pipeline.publish import record_admissions

    url = work.warehouse(source).get_secret_value()
    record_admissions((admission_row(record),), source, day, url=url, now=now)


def _reconcile(
    work: Workplace, source: Source, day: date, lines: list[Path], before: Json | None, scratch: Path
) -> tuple[ReconcileReport, date | None]:
    """The report, and since when days out of reach were searched for claims."""
    from cuadre.pipeline.reconcile import reconcile
    from cuadre.warehouse.snapshot import snapshot_bank_credits, snapshot_orders

    lake, url = work.lake(source), work.warehouse(source).get_secret_value()
    open_items = lake.local([before])[0] if before else None
    past = Past(lake, source, day, scratch, partial(carried.left_in, lake))
    recent = past.recent()
    bank_before = carried.bank_matches(lake, source, day, scratch / "bank_before.parquet")
    orders, bank_credits = scratch / "orders.parquet", scratch / "bank_credits.parquet"
    snapshot_orders(url, source, day, lines=lines, open_items=open_items, earlier=recent.outcomes, out=orders)
    earlier = past.with_older(recent, lines, orders, open_items)
    if source.bank is not None:
        snapshot_bank_credits(url, source, day, out=bank_credits, since=carried.credits_since(source, day))
    report = reconcile(
        lines=lines,
        orders=orders,
        source=source,
        as_of=source.as_of(day),
        out=scratch,
        settlement_date=day,
        open_items=open_items,
        bank_credits=bank_credits if source.bank is not None else None,
        bank_matches=bank_before,
        earlier=earlier.outcomes,
        claims=earlier.claims,
        compute=compute_settings(source.matching.engine),
    )
    return report, earlier.since
