"""A detached signature being held by gpg against bytes as they go by: of a file, or of content that is being opened."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from cuadre.trust.run import PIPE_BYTES, GpgProcess, patience_with, running
from cuadre.trust.status import Statement


class Verification:
    """A gpg that is fed what was signed. After the last byte, `conclude` says what it thinks of the signatures."""

    def __init__(self, gpg: GpgProcess) -> None:
        self._gpg = gpg

    def feed(self, data: bytes) -> None:
        """More of the signed bytes. A gpg that wants no more of them says why at the end."""
        assert self._gpg.process.stdin is not None
        rest = memoryview(data)
        with contextlib.suppress(BrokenPipeError):
            while rest:
                rest = rest[os.write(self._gpg.process.stdin.fileno(), rest) :]

    def feed_file(self, file: Path) -> None:
        """All of `file`."""
        with file.open("rb", buffering=0) as data:
            while block := data.read(PIPE_BYTES):
                self.feed(block)

    def conclude(self) -> tuple[Statement, int]:
        """What gpg said, and its exit code. Call it once."""
        assert self._gpg.process.stdin is not None
        self._gpg.process.stdin.close()
        return self._gpg.conclude()


@contextlib.contextmanager
def verifying(
    signature: Path, *, view: Path, now: datetime, digests: Collection[str], limit: int
) -> Iterator[Verification]:
    """Start gpg on the binary detached `signature`, as if it were `now`; gpg is gone when the block ends.

    `limit` in bytes bounds what it will be fed; its patience is measured by it.
    """
    with running(
        ["--verify", str(signature), "-"],
        view=view,
        now=now,
        digests=digests,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        patience=patience_with(limit),
    ) as gpg:
        yield Verification(gpg)
