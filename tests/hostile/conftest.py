"""A message to damage, and a way to open it as admission does."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from cuadre.config import Limits, Trust
from cuadre.model.errors import ArchiveRejected
from cuadre.trust import Unpacking, confirm, judge_in, opened, private_home, take_in
from tests.fixtures.openpgp import NOW, Gpg, Keys, csv_text, zipped

CONTENT = csv_text(3).encode()
FILLING = 6096
"""Bytes behind the content that make a message longer than all the places that are changed."""

Open = Callable[[bytes], str]


@pytest.fixture(scope="module")
def opening(pgp_keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Open a message as admission does; the code it was refused with, or `same` when it gave the original content.

    The key ring holds the two keys it takes and no other: gpg reads all of them at every start, of which there are
    thousands.
    """
    folder, trust = tmp_path_factory.mktemp("mutants"), pgp_keys.trust("sender")
    ring = Gpg(pgp_keys.ours.home.parent / "two-keys")
    try:
        ring("--import", data=pgp_keys.ours.export("receiver", secret=True))
        ring("--import", data=pgp_keys.provider.export("sender"))
    finally:
        ring.stop()
    with private_home(ring.home) as view:
        yield lambda message: _opened(view, folder, trust, message, NOW)


@pytest.fixture(scope="module")
def roomy(pgp_keys: Keys) -> bytes:
    """A message of `CONTENT` and `FILLING`."""
    content = CONTENT + random.Random(2).randbytes(FILLING)
    return pgp_keys.seal(zipped(content), "--compress-algo", "none")


def _opened(view: Path, folder: Path, trust: Trust, message: bytes, now: datetime) -> str:
    archive, room = folder / f"{random.getrandbits(64):x}", folder / f"{random.getrandbits(64):x}"
    archive.write_bytes(message)
    room.mkdir()
    try:
        verdict = judge_in(view, take_in(archive, None, room), trust=trust, now=now)
        with opened(view, verdict, now=now) as decryption:
            content = b"".join(Unpacking(decryption.read, Limits()).chunks())
            confirm(decryption, verdict)
    except ArchiveRejected as refusal:
        return refusal.reason.name
    finally:
        archive.unlink()
        shutil.rmtree(room)
    assert content.startswith(CONTENT), "another content was admitted"
    return "same"
