"""Which archives make up a day: parts, twins, re-deliveries, and what the store remembers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from cuadre.config import Source
from cuadre.model.errors import ArchiveAwaited, ArchiveIncomplete, ArchiveMissing, SourceUnavailable
from cuadre.model.records import FetchedArchive
from cuadre.pipeline.fetch import fetch, offer_of, superseded
from cuadre.pipeline.lake import Lake
from cuadre.sources import RemoteFile, open_store
from cuadre.sources.folder import FolderTransport

DAY = date(2026, 3, 4)


def name(part: int, parts: int, day: date = DAY) -> str:
    return f"pe_settlement_30145_{day:%Y%m%d}_{part:02}of{parts:02}.zip.pgp"


class Place:
    """A provider's folder and a store."""

    def __init__(self, root: Path, source: Source) -> None:
        self.source, self.outbox, self.scratch = source, root / "outbox", root / "scratch"
        self.lake = Lake(open_store(str(root / "store"), self.scratch), source.source)
        self.outbox.mkdir()
        self.scratch.mkdir()
        self.before, self.after = (source.cut_off(DAY) + timedelta(minutes=m) for m in (-1, 0))

    def offer(self, **files: bytes) -> None:
        for path in self.outbox.iterdir():
            path.unlink()
        for key, content in files.items():
            part, parts = (int(number) for number in key.removeprefix("p").split("of"))
            (self.outbox / name(part, parts)).write_bytes(content)

    def fetch(self, now: datetime | None = None) -> tuple[FetchedArchive, ...]:
        transport = FolderTransport(self.outbox, attempts=3, wait=0.01, settle=0.01)
        return fetch(
            self.source, DAY, transport=transport, lake=self.lake, scratch=self.scratch, now=now or self.before
        )


@pytest.fixture
def place(tmp_path: Path, sandbox_source: Source) -> Place:
    return Place(tmp_path, sandbox_source)


def test_all_parts_of_the_day_are_kept_untouched_in_order(place: Place) -> None:
    place.offer(p2of2=b"two", p1of2=b"one")
    (place.outbox / name(1, 1, DAY + timedelta(days=1))).write_bytes(b"of another day")
    archives = place.fetch()
    assert [(a.part, a.parts) for a in archives] == [(1, 2), (2, 2)]
    assert [place.lake.store.read(a.key) for a in archives] == [b"one", b"two"]
    assert list(place.scratch.iterdir()) == []


def test_the_same_bytes_again_change_nothing(place: Place) -> None:
    place.offer(p1of1=b"one")
    first = place.fetch()
    before = place.lake.store.list("")
    assert place.fetch(place.after) == first
    assert place.lake.store.list("") == before
    assert superseded(place.lake, DAY, place.fetch()) == ()


@pytest.mark.parametrize(
    ("files", "lacking"),
    [
        ({"p1of2": b"1"}, "part 2 of 2 is missing"),
        ({"p1of3": b"1", "p3of3": b"3"}, "part 2 of 3 is missing"),
        ({"p1of2": b"1", "p2of2": b"2", "p3of2": b"3"}, "part 3 of 2 cannot be"),
        ({"p1of1": b"1", "p1of2": b"1", "p2of2": b"2"}, "files of 1 and of 2 parts"),
        ({"p1of2": b"same", "p2of2": b"same"}, "are the same bytes"),
    ],
)
def test_a_day_that_is_not_complete_is_refused_at_the_cut_off(
    place: Place, files: dict[str, bytes], lacking: str
) -> None:
    place.offer(**files)
    with pytest.raises(ArchiveIncomplete, match=lacking):
        place.fetch(place.after)


def test_two_names_for_one_place_are_not_complete(sandbox_source: Source) -> None:
    listing = [RemoteFile(n, 1, 0.0) for n in (name(1, 2), name(2, 2), name(2, 2).replace("02of02", "2of2"))]
    assert offer_of(sandbox_source, DAY, listing).lacking == "part 2 of 2 is there more than once"


def test_before_the_cut_off_there_is_still_hope(place: Place) -> None:
    with pytest.raises(ArchiveAwaited):
        place.fetch()
    place.offer(p1of2=b"1")
    with pytest.raises(ArchiveAwaited, match="part 2 of 2"):
        place.fetch()


def test_nothing_at_the_cut_off_is_missing_and_says_what_to_do(place: Place) -> None:
    with pytest.raises(ArchiveMissing, match="Ask the provider"):
        place.fetch(place.after)


def test_what_the_provider_no_longer_offers_is_taken_from_the_store(place: Place) -> None:
    place.offer(p1of2=b"one", p2of2=b"two")
    first = place.fetch()
    place.offer()
    assert place.fetch(place.after + timedelta(days=400)) == first


def test_new_bytes_for_a_place_supersede_the_old_ones_which_are_kept(place: Place) -> None:
    place.offer(p1of2=b"one", p2of2=b"two")
    old = place.fetch()
    place.offer(p1of2=b"one", p2of2=b"corrected")
    new = place.fetch(place.after)
    assert place.lake.store.read(new[1].key) == b"corrected"
    assert [archive.archive_id for archive in superseded(place.lake, DAY, new)] == [old[1].archive_id]
    assert place.lake.store.read(old[1].key) == b"two"
    place.offer()
    assert [archive.archive_id for archive in place.fetch(place.after)] == [archive.archive_id for archive in new]


def test_a_restatement_may_be_cut_into_other_parts_and_taken_back_again(place: Place) -> None:
    place.offer(p1of1=b"whole")
    place.fetch()
    place.offer(p1of2=b"half", p2of2=b"other half")
    assert [archive.parts for archive in place.fetch(place.after)] == [2, 2]
    place.offer(p1of1=b"whole")
    back = place.fetch(place.after + timedelta(hours=1))
    place.offer()
    assert [archive.archive_id for archive in place.fetch(place.after)] == [archive.archive_id for archive in back]


@pytest.fixture
def detached(tmp_path: Path, sandbox_source: Source) -> Place:
    """A place whose provider signs in files of their own."""
    trust = sandbox_source.trust.model_copy(update={"shape": "detached_over_ciphertext"})
    return Place(tmp_path, sandbox_source.model_copy(update={"trust": trust}))


@pytest.mark.parametrize("suffix", [".sig", ".asc"])
@pytest.mark.parametrize("first", ["archive", "signature"])
def test_a_signature_file_may_come_before_its_archive_or_after(detached: Place, suffix: str, first: str) -> None:
    archive, signature = detached.outbox / name(1, 1), detached.outbox / (name(1, 1) + suffix)
    early, late = (archive, signature) if first == "archive" else (signature, archive)
    early.write_bytes(early.name.encode())
    with pytest.raises(ArchiveAwaited, match="signature of part 1 of 1" if first == "archive" else "nothing is there"):
        detached.fetch()
    late.write_bytes(late.name.encode())
    (fetched,) = detached.fetch()
    assert fetched.name == archive.name
    assert fetched.signature_key is not None
    assert detached.lake.store.read(fetched.key) == archive.name.encode()
    assert detached.lake.store.read(fetched.signature_key) == signature.name.encode()


def test_a_day_is_complete_only_when_every_part_has_its_signature(detached: Place) -> None:
    detached.offer(p1of2=b"one", p2of2=b"two")
    (detached.outbox / (name(1, 2) + ".sig")).write_bytes(b"signature")
    with pytest.raises(ArchiveIncomplete, match="signature of part 2 of 2 is missing"):
        detached.fetch(detached.after)
    (detached.outbox / (name(2, 2) + ".asc")).write_bytes(b"signature of the other")
    assert [archive.part for archive in detached.fetch(detached.after)] == [1, 2]
    (detached.outbox / (name(2, 2) + ".sig")).write_bytes(b"signature of the other")
    offer = offer_of(detached.source, DAY, [RemoteFile(each.name, 1, 0.0) for each in detached.outbox.iterdir()])
    assert offer.lacking == "part 2 of 2 has more than one signature file"


def test_a_new_signature_for_the_same_bytes_is_a_new_delivery(detached: Place) -> None:
    detached.offer(p1of1=b"one")
    signature = detached.outbox / (name(1, 1) + ".sig")
    signature.write_bytes(b"first")
    (old,) = detached.fetch()
    signature.write_bytes(b"second")
    (new,) = detached.fetch(detached.after)
    assert (new.archive_id, new.key) == (old.archive_id, old.key)
    assert detached.lake.store.read(str(new.signature_key)) == b"second"
    detached.offer()
    assert detached.fetch(detached.after) == (new,)


def test_a_signature_file_is_left_alone_where_the_shape_has_none(place: Place) -> None:
    place.offer(p1of1=b"one")
    (place.outbox / (name(1, 1) + ".sig")).write_bytes(b"signature")
    (fetched,) = place.fetch()
    assert fetched.signature_key is None


def test_a_provider_that_cannot_be_reached_is_not_a_missing_archive(place: Place) -> None:
    place.offer(p1of1=b"whole")
    place.fetch()
    place.offer()
    place.outbox.rmdir()
    with pytest.raises(SourceUnavailable):
        place.fetch(place.after)
