"""One run of gpg over one message: how it is started, what it says, and that it ends.

Status lines come by a pipe of their own, which a thread reads, and so does the passphrase; neither is in the argument
list. What is read or written meanwhile is the business of `decryption` and `verification`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected, OpeningStopped
from cuadre.trust.home import OPTIONS, environment
from cuadre.trust.status import Statement, read_status

PIPE_BYTES = 1 << 20

_MOST_STATUS_LINES = 10_000
_SLOWEST_SECONDS = 300.0
_SLOWEST_BYTES_PER_SECOND = 500_000

_WEAK_BUT_KNOWN = ("SHA1", "RIPEMD160")
"""Hashes gpg takes unless told otherwise; MD5 it refuses by itself."""

_FROM_OUTSIDE = {-number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL)}
"""Exit codes of a gpg that somebody else ended: an operator, or a system that ran out of memory."""


class GpgProcess:
    """A running gpg. `late` says that it worked for more than `patience` seconds, and was ended for that."""

    def __init__(self, process: subprocess.Popen[bytes], status: int, patience: float) -> None:
        self.process = process
        self.late = False
        self._lines: list[str] = []
        self._listener = threading.Thread(target=self._listen, args=(status,), daemon=True)
        self._listener.start()
        self._watch = threading.Timer(patience, self._too_late)
        self._watch.daemon = True
        self._watch.start()

    def conclude(self) -> tuple[Statement, int]:
        """What gpg said, and its exit code. Call it once, when it has read its input to the end.

        Raises:
            ArchiveRejected: ARCHIVE_UNSAFE when it took too long, MALFORMED_OPENPGP when it said too much.
            OpeningStopped: it was ended by neither itself nor us, which says nothing of the message.
        """
        code = self.process.wait()
        self._listener.join()
        self.refuse_late()
        if len(self._lines) >= _MOST_STATUS_LINES:
            raise ArchiveRejected(RejectionReason.MALFORMED_OPENPGP, "Far more packets than any honest message has.")
        if code in _FROM_OUTSIDE:
            raise OpeningStopped("gpg was stopped from outside while it read the archive. Try again.")
        return read_status(self._lines), code

    def refuse_late(self) -> None:
        """Refuse the message as ARCHIVE_UNSAFE if its time is over."""
        if self.late:
            raise ArchiveRejected(RejectionReason.ARCHIVE_UNSAFE, "The message takes far too long to open.")

    def stop(self) -> None:
        """End gpg, whatever it is doing, and wait for it."""
        self._watch.cancel()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self._listener.join()

    def _too_late(self) -> None:
        self.late = True
        self.process.kill()

    def _listen(self, status: int) -> None:
        with os.fdopen(status, encoding="utf-8", errors="replace", newline="\n") as lines:
            for line in lines:
                if len(self._lines) < _MOST_STATUS_LINES:
                    self._lines.append(line)
                else:
                    self.process.kill()


def patience_with(size: int) -> float:
    """Seconds that are far more than any honest message of `size` bytes takes."""
    return _SLOWEST_SECONDS + size / _SLOWEST_BYTES_PER_SECOND


@contextlib.contextmanager
def running(
    arguments: Sequence[str],
    *,
    view: Path,
    now: datetime,
    digests: Collection[str],
    stdin: BinaryIO | int,
    stdout: int,
    patience: float,
    passphrase: str | None = None,
) -> Iterator[GpgProcess]:
    """Start gpg with the private home `view`, as if it were `now`; it is gone when the block ends.

    `digests` are the hashes a signature may be made with; after `patience` seconds gpg is ended.
    """
    status_out, status_in = os.pipe()
    pass_out, pass_in = os.pipe()
    with os.fdopen(pass_in, "wb") as pipe:
        pipe.write((passphrase or "").encode() + b"\n")
    clock = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
    weak = [f"--weak-digest={digest}" for digest in _WEAK_BUT_KNOWN if digest not in digests]
    command = ["gpg", *OPTIONS, "--no-armor", *weak, f"--homedir={view}", f"--status-fd={status_in}"]
    command += [f"--passphrase-fd={pass_out}", f"--faked-system-time={clock}!", *arguments]
    try:
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
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
    gpg = GpgProcess(process, status_out, patience)
    try:
        yield gpg
    finally:
        gpg.stop()


def _widen(process: subprocess.Popen[bytes]) -> None:
    """A wide pipe means fewer switches between gpg and us; a system that refuses is only slower."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
            with contextlib.suppress(OSError):
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
