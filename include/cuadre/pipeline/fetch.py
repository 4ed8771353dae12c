"""The step `fetch`: which archives make up a settlement day, and getting them into the store untouched.

A day is complete when the provider offers part 1 to n of n, each once, and each with its signature where that is a
file of its own; which of the two arrives first does not matter. What the provider no longer offers is taken from the
store. New bytes for a place of the day, or a new signature, replace the older ones there, which stay in the store,
superseded.
Opening and judging an archive is `admit`'s business.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cuadre.config.naming import SIGNATURE_SUFFIXES
from cuadre.config.secrets import Resolver
from cuadre.config.source import Source
from cuadre.model.errors import ArchiveAwaited, ArchiveIncomplete, ArchiveMissing, Terminal
from cuadre.model.records import FetchedArchive, from_json, to_json
from cuadre.pipeline.lake import Lake
from cuadre.sources import Downloaded, RemoteFile, Transport, open_transport


@dataclass(frozen=True, slots=True)
class Offered:
    """One archive of the day as the provider offers it, and the signature files beside it."""

    file: RemoteFile
    part: int
    parts: int
    signatures: tuple[RemoteFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What the provider offers for a day; `lacking` says why that is not the whole day, None when it is."""

    files: tuple[Offered, ...]
    lacking: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all files, signatures behind their archives."""
        return tuple(file.name for each in self.files for file in (each.file, *each.signatures))

    @property
    def complete(self) -> bool:
        """Whether part 1 to n of n are there, each once, with what belongs to it."""
        return self.lacking is None


def look(source: Source, day: date, resolver: Resolver) -> Offer:
    """What the provider offers for `day` at this moment; raises what the transport raises."""
    with open_transport(source, resolver) as transport:
        return offer_of(source, day, transport.list())


def offer_of(source: Source, day: date, listing: Sequence[RemoteFile]) -> Offer:
    """The files of `day` among `listing`, and what is lacking."""
    names = source.transport.names
    there = {file.name: file for file in listing}
    files = []
    for file in sorted(listing):
        if said := names.read(file.name, merchant=source.merchant, day=day):
            part, parts = (1 if number is None else number for number in (said.part, said.parts))
            wanted = [file.name + suffix for suffix in SIGNATURE_SUFFIXES] if source.trust.detached else []
            files.append(Offered(file, part, parts, tuple(there[name] for name in wanted if name in there)))
    lacking = _lacking([(each.part, each.parts) for each in files])
    return Offer(tuple(files), lacking or (_lacking_signature(files) if source.trust.detached else None))


def not_there(source: Source, day: date, offer: Offer) -> Terminal:
    """The error of a day not complete at its cut-off: ArchiveMissing, or ArchiveIncomplete for a partial one."""
    until = f"{source.cut_off(day):%Y-%m-%d %H:%M %Z}"
    if not offer.files:
        return ArchiveMissing(
            f"{source.source}: nothing for {day} until the cut-off, {until}. Ask the provider; clear the task `wait` "
            "once the archive is there."
        )
    return ArchiveIncomplete(
        f"{source.source}: {day} is not complete at the cut-off, {until}: {offer.lacking}. Ask the provider for the "
        "rest; clear the task `wait` once it is there."
    )


def fetch(
    source: Source, day: date, *, transport: Transport, lake: Lake, scratch: Path, now: datetime
) -> tuple[FetchedArchive, ...]:
    """All archives of `day`, by part, kept in the store.

    `scratch` is an empty folder. Fetching the same bytes again changes nothing.

    Raises:
        ArchiveAwaited: not all there before the cut-off.
        ArchiveMissing, ArchiveIncomplete: not all there after it.
        SourceUnavailable, ArchiveUnstable, HostKeyRefused: from the transport.
    """
    offer = offer_of(source, day, transport.list())
    if offer.complete:
        fetched = [_take(source, day, each, transport, lake, scratch) for each in offer.files]
        _refuse_twins(source, day, fetched)
        _index(lake, day, fetched, now)
        return tuple(fetched)
    if kept := from_store(lake, day):
        return kept
    if now >= source.cut_off(day):
        raise not_there(source, day, offer)
    raise ArchiveAwaited(f"{source.source}: {day} is not complete yet: {offer.lacking or 'nothing is there'}.")


def from_store(lake: Lake, day: date) -> tuple[FetchedArchive, ...]:
    """The archives of the newest delivery of `day` in the store, by part; empty when there was none."""
    deliveries = _deliveries(lake, day)
    return deliveries[-1] if deliveries else ()


def superseded(lake: Lake, day: date, current: Sequence[FetchedArchive]) -> tuple[FetchedArchive, ...]:
    """Archives of `day` in the store that `current` replaced, oldest first."""
    seen = {archive.archive_id for archive in current}
    older = []
    for archive in (each for delivery in _deliveries(lake, day) for each in delivery):
        if archive.archive_id not in seen:
            seen.add(archive.archive_id)
            older.append(archive)
    return tuple(older)


def _deliveries(lake: Lake, day: date) -> list[tuple[FetchedArchive, ...]]:
    records = sorted(lake.records(lake.index(day)), key=lambda record: str(record["fetched_at"]))
    return [tuple(from_json(FetchedArchive, archive) for archive in record["archives"]) for record in records]


def _lacking(places: Sequence[tuple[int, int]]) -> str | None:
    if not places:
        return "nothing is there"
    totals = sorted({parts for _, parts in places})
    if len(totals) > 1:
        return f"files of {' and of '.join(str(total) for total in totals)} parts stand beside each other"
    expected = range(1, totals[0] + 1)
    counts = Counter(part for part, _ in places)
    if strangers := sorted(set(counts) - set(expected)):
        return f"part {strangers[0]} of {totals[0]} cannot be"
    if twice := sorted(part for part, count in counts.items() if count > 1):
        return f"part {twice[0]} of {totals[0]} is there more than once"
    if missing := [part for part in expected if part not in counts]:
        return f"part {', '.join(map(str, missing))} of {totals[0]} is missing"
    return None


def _lacking_signature(files: Sequence[Offered]) -> str | None:
    for each in files:
        if not each.signatures:
            return f"the signature of part {each.part} of {each.parts} is missing"
        if len(each.signatures) > 1:
            return f"part {each.part} of {each.parts} has more than one signature file"
    return None


def _take(
    source: Source, day: date, offered: Offered, transport: Transport, lake: Lake, scratch: Path
) -> FetchedArchive:
    received = _keep(offered.file, transport, lake, scratch)
    signatures = [_keep(signature, transport, lake, scratch) for signature in offered.signatures]
    return FetchedArchive(
        source=source.source,
        settlement_date=day,
        name=offered.file.name,
        archive_id=received.sha256,
        bytes=received.bytes,
        key=lake.raw(received.sha256),
        part=offered.part,
        parts=offered.parts,
        signature_key=lake.raw(signatures[0].sha256) if signatures else None,
    )


def _keep(file: RemoteFile, transport: Transport, lake: Lake, scratch: Path) -> Downloaded:
    """Put `file` into the store as it is."""
    target = scratch / file.name
    received = transport.download(file.name, target)
    lake.store.put_new(lake.raw(received.sha256), target)
    target.unlink()
    return received


def _refuse_twins(source: Source, day: date, fetched: Sequence[FetchedArchive]) -> None:
    counts = Counter(archive.archive_id for archive in fetched)
    twins = sorted(archive.part for archive in fetched if counts[archive.archive_id] > 1)
    if twins:
        raise ArchiveIncomplete(
            f"{source.source}: parts {', '.join(map(str, twins))} of {day} are the same bytes. Ask the provider for "
            "the missing one."
        )


def _index(lake: Lake, day: date, fetched: Sequence[FetchedArchive], now: datetime) -> None:
    ids = _ids(fetched)
    if _ids(from_store(lake, day)) == ids:
        return
    archives = [to_json(archive) for archive in fetched]
    record = {"fetched_at": now.astimezone(UTC).isoformat(timespec="microseconds"), "archives": archives}
    lake.write(lake.index(day, hashlib.sha256("".join(ids).encode()).hexdigest()), record)


def _ids(fetched: Sequence[FetchedArchive]) -> list[str]:
    """What makes one delivery differ from another: its archives, and their signatures where they are files."""
    return [archive.archive_id + (archive.signature_key or "") for archive in fetched]
