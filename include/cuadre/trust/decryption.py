"""One run of gpg over one ciphertext: its plaintext as a bounded stream, its status lines as a statement.

This is the only place that starts gpg on a message. It passes no verdict; `judging.py` does.
gpg reads the file itself; we read its pipe, so a slow reader holds gpg back and memory stays flat.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected
from cuadre.trust.home import OPTIONS, environment
from cuadre.trust.status import Statement, read_status

_PIPE_BYTES = 1 << 20
_MOST_STATUS_LINES = 10_000
_SLOWEST_SECONDS = 300.0
_SLOWEST_BYTES_PER_SECOND = 500_000

_WEAK_BUT_KNOWN = ("SHA1", "RIPEMD160")
"""Hashes gpg takes unless told otherwise; MD5 it refuses by itself."""


class Decryption:
    """A running gpg. Read until b"" for all of the plaintext, then `conclude` for what gpg said of it.

    `read` raises ArchiveRejected(ARCHIVE_UNSAFE) beyond `limit` plaintext bytes or when gpg works far longer than any
    honest archive of this size needs.
    """

    def __init__(self, process: subprocess.Popen[bytes], ciphertext: BinaryIO, status: int, limit: int) -> None:
        self.plaintext_bytes = 0
        self._process = process
        self._ciphertext = ciphertext
        self._limit = limit
        self._late = False
        self._lines: list[str] = []
        self._listener = threading.Thread(target=self._listen, args=(status,), daemon=True)
        self._listener.start()
        size = os.fstat(ciphertext.fileno()).st_size
        self._watch = threading.Timer(_SLOWEST_SECONDS + size / _SLOWEST_BYTES_PER_SECOND, self._too_late)
        self._watch.daemon = True
        self._watch.start()

    @property
    def ciphertext_bytes(self) -> int:
        """How far gpg has read; the file position is shared with it."""
        return os.lseek(self._ciphertext.fileno(), 0, os.SEEK_CUR)

    def read(self, size: int = _PIPE_BYTES) -> bytes:
        """Up to `size` bytes of plaintext as soon as there are any; b"" at the end."""
        assert self._process.stdout is not None
        data = os.read(self._process.stdout.fileno(), size)
        self.plaintext_bytes += len(data)
        if self.plaintext_bytes > self._limit:
            raise ArchiveRejected(
                RejectionReason.ARCHIVE_UNSAFE, f"The message unpacks to more than the allowed {self._limit} bytes."
            )
        if self._late:
            raise ArchiveRejected(RejectionReason.ARCHIVE_UNSAFE, "The message takes far too long to open.")
        return data

    def conclude(self) -> tuple[Statement, int]:
        """What gpg said, and its exit code. Call it once, after `read` returned b""."""
        code = self._process.wait()
        self._listener.join()
        if len(self._lines) >= _MOST_STATUS_LINES:
            raise ArchiveRejected(RejectionReason.MALFORMED_OPENPGP, "Far more packets than any honest message has.")
        return read_status(self._lines), code

    def stop(self) -> None:
        """End gpg, whatever it is doing, and wait for it."""
        self._watch.cancel()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._listener.join()

    def _too_late(self) -> None:
        self._late = True
        self._process.kill()

    def _listen(self, status: int) -> None:
        with os.fdopen(status, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if len(self._lines) < _MOST_STATUS_LINES:
                    self._lines.append(line)
                else:
                    self._process.kill()


@contextlib.contextmanager
def decrypting(
    archive: Path,
    *,
    view: Path,
    now: datetime,
    passphrase: str | None,
    limit: int,
    digests: Collection[str],
    verify: bool = True,
) -> Iterator[Decryption]:
    """Start gpg on `archive` with the private home `view`, as if it were `now`; gpg is gone when the block ends.

    `digests` are the hashes a signature may be made with. The passphrase goes through a pipe, never through the
    argument list.
    """
    status_out, status_in = os.pipe()
    pass_out, pass_in = os.pipe()
    with os.fdopen(pass_in, "wb") as pipe:
        pipe.write((passphrase or "").encode() + b"\n")
    clock = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
    weak = [f"--weak-digest={digest}" for digest in _WEAK_BUT_KNOWN if digest not in digests]
    command = [
        "gpg",
        *OPTIONS,
        "--no-armor",
        *weak,
        f"--homedir={view}",
        f"--status-fd={status_in}",
        f"--passphrase-fd={pass_out}",
    ]
    command += [f"--faked-system-time={clock}!", *([] if verify else ["--skip-verify"]), "--output=-", "--decrypt"]
    with archive.open("rb", buffering=0) as ciphertext:
        try:
            process = subprocess.Popen(
                command,
                stdin=ciphertext,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(status_in, pass_out),
                env=environment(),
                bufsize=0,
            )
        except OSError:
            os.close(status_out)
            raise
        finally:
            os.close(status_in)
            os.close(pass_out)
        _widen(process)
        decryption = Decryption(process, ciphertext, status_out, limit)
        try:
            yield decryption
        finally:
            decryption.stop()


def _widen(process: subprocess.Popen[bytes]) -> None:
    """A wide pipe means fewer switches between gpg and us; a system that refuses is only slower."""
    if process.stdout is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
