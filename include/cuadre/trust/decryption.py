"""A message being opened by gpg: its content as a bounded stream, its status lines as a statement.

It passes no verdict; `judging` does. gpg reads the file itself; we read its pipe, so a slow reader holds gpg back and
memory stays flat.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected
from cuadre.trust.run import PIPE_BYTES, GpgProcess, patience_with, running
from cuadre.trust.status import Statement
from cuadre.trust.verification import Verification


class Decryption:
    """A gpg that opens a message. Read until b"" for all of the content, then `conclude` for what gpg said of it.

    `read` raises ArchiveRejected(ARCHIVE_UNSAFE) beyond `limit` bytes of content or when gpg works far longer than any
    honest archive of this size needs. Every byte that it hands out goes through the `witness`, too, if there is one.
    """

    def __init__(self, gpg: GpgProcess, ciphertext: BinaryIO, limit: int, witness: Verification | None) -> None:
        self.plaintext_bytes = 0
        self.witness = witness
        self._gpg = gpg
        self._ciphertext = ciphertext
        self._limit = limit

    @property
    def ciphertext_bytes(self) -> int:
        """How far gpg has read; the file position is shared with it."""
        return os.lseek(self._ciphertext.fileno(), 0, os.SEEK_CUR)

    def read(self, size: int = PIPE_BYTES) -> bytes:
        """Up to `size` bytes of content as soon as there are any; b"" at the end."""
        assert self._gpg.process.stdout is not None
        data = os.read(self._gpg.process.stdout.fileno(), size)
        self.plaintext_bytes += len(data)
        if self.plaintext_bytes > self._limit:
            raise ArchiveRejected(
                RejectionReason.ARCHIVE_UNSAFE, f"The message unpacks to more than the allowed {self._limit} bytes."
            )
        self._gpg.refuse_late()
        if self.witness is not None:
            self.witness.feed(data)
        return data

    def conclude(self) -> tuple[Statement, int]:
        """What gpg said, and its exit code. Call it once, after `read` returned b""."""
        return self._gpg.conclude()


@contextlib.contextmanager
def decrypting(
    message: Path,
    *,
    view: Path,
    now: datetime,
    passphrase: str | None,
    limit: int,
    digests: Collection[str],
    verify: bool = True,
    witness: Verification | None = None,
) -> Iterator[Decryption]:
    """Start gpg on `message`, binary, with the private home `view`, as if it were `now`; gpg is gone after the block.

    `digests` are the hashes a signature in it may be made with. A message that is only signed opens as well.
    """
    arguments = [*([] if verify else ["--skip-verify"]), "--output=-", "--decrypt"]
    with (
        message.open("rb", buffering=0) as file,
        running(
            arguments,
            view=view,
            now=now,
            digests=digests,
            stdin=file,
            stdout=subprocess.PIPE,
            patience=patience_with(os.fstat(file.fileno()).st_size),
            passphrase=passphrase,
        ) as gpg,
    ):
        yield Decryption(gpg, file, limit, witness)
