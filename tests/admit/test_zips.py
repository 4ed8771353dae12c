"""A validly signed ZIP is opened only when it is exactly one plain file, described the same everywhere."""

from __future__ import annotations

import pytest
from tests.fixtures.openpgp import csv_text, zipped
from tests.hostile.zips import GOOD_ZIPS, TEXT

from cuadre.config import Limits
from cuadre.model.errors import ArchiveRejected
from cuadre.trust import Unpacking


def _read(data: bytes, step: int = 7):
    pieces = iter([data[i : i + step] for i in range(0, len(data), step)])
    return lambda size: next(pieces, b"")


@pytest.mark.parametrize("name", GOOD_ZIPS)
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_an_honest_zip_gives_its_member_however_it_arrives(name, step) -> None:
    unpacking = Unpacking(_read(GOOD_ZIPS[name], step), Limits())
    assert b"".join(unpacking.chunks()) == TEXT


def test_every_cut_of_a_zip_is_refused() -> None:
    data = GOOD_ZIPS["ZIP64 with a data descriptor"]
    for end in range(len(data)):
        with pytest.raises(ArchiveRejected):
            b"".join(Unpacking(_read(data[:end], 4096), Limits()).chunks())


def test_every_changed_byte_is_refused_or_changes_nothing_that_is_read() -> None:
    data = GOOD_ZIPS["ZIP64"]
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
        try:
            content = b"".join(Unpacking(_read(changed, 4096), Limits()).chunks())
        except ArchiveRejected:
            continue
        assert content == TEXT


def test_a_bomb_by_size_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(ArchiveRejected, match="ARCHIVE_UNSAFE"):
        Unpacking(_read(GOOD_ZIPS["deflated"]), Limits(max_plaintext_bytes=100))


def test_a_bomb_of_the_encryption_ends_at_the_limit(admitting, pgp_keys, source) -> None:
    message = pgp_keys.seal(b"\0" * (64 << 20), "--compress-algo", "bzip2")
    limited = source.model_copy(update={"limits": Limits(max_plaintext_bytes=1 << 20)})
    assert len(message) < 1 << 16
    assert admitting(message, source=limited).reason == "ARCHIVE_UNSAFE"


def test_a_zip_that_was_cut_before_signing_is_malformed_not_truncated(admitting, pgp_keys) -> None:
    assert admitting(pgp_keys.seal(zipped(csv_text())[:-1])).reason == "ARCHIVE_MALFORMED"
