"""The journal: one JSON line per step taken, numbered, sealed with its own hash and carrying the hash before it.

Lines are only ever added, each in the same time however long the journal is. Whoever changes, moves or removes one is
found out by `examine`; only the newest lines can be cut off without a trace in the file itself, and that is what the
heads kept in receipts are for. What the records mean is the steps' business.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cuadre.evidence.entry import GENESIS, Head, read_entry, seal
from cuadre.evidence.examination import examine
from cuadre.model.errors import JournalBroken

_BLOCK = 65536


class StepOutcome(StrEnum):
    """How a step ended."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"


class Journal:
    """The journal in one file; any number of threads, processes and hosts may append (the disk must lock)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(
        self,
        step: str,
        source: str,
        settlement_date: date,
        outcome: StepOutcome,
        record: dict[str, Any],
        at: datetime,
    ) -> Head:
        """Add a record and wait for the disk; its number and hash. `record` is JSON-safe, `at` is aware.

        Raises:
            JournalBroken: the newest record is damaged, and nothing may be chained to it.
        """
        fields = {
            "at": at.astimezone(UTC).isoformat(),
            "step": step,
            "source": source,
            "settlement_date": settlement_date.isoformat(),
            "outcome": outcome.value,
            "record": record,
        }
        with self._locked() as descriptor:
            end, newest = self._newest(descriptor)
            line, head = seal(fields, newest)
            os.ftruncate(descriptor, end)
            os.lseek(descriptor, end, os.SEEK_SET)
            _write(descriptor, line)
            os.fsync(descriptor)
            if end == 0:
                _sync_folder(self.path.parent)
        return head

    def head(self) -> Head:
        """The newest record; JournalBroken when it is damaged."""
        if not self.path.exists():
            return Head(0, GENESIS)
        with self.path.open("rb") as file:
            return self._newest(file.fileno())[1]

    def records(self) -> Iterator[dict[str, Any]]:
        """All records, oldest first; a line that was never finished is left out."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield json.loads(line)

    def verify(self) -> Head:
        """Follow the chain to the newest record, which is returned; JournalBroken names all that is wrong."""
        examination = examine(self.path)
        if examination.flaws:
            raise JournalBroken(" ".join(flaw.sentence for flaw in examination.flaws))
        return examination.head

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The open file, to this thread alone: the lock belongs to the descriptor, and goes with it in any case."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _newest(self, descriptor: int) -> tuple[int, Head]:
        """Where the newest record ends, and which it is. What follows was cut off by a crash, never acknowledged."""
        end, line = _last_line(descriptor)
        if not line:
            return 0, Head(0, GENESIS)
        entry = read_entry(line)
        if entry is None or not entry.intact:
            raise JournalBroken(
                f"The newest record of {self.path} is damaged, so no other is chained to it. Look at it with "
                "`cuadre journal verify`, keep the file as evidence under another name, and start a new one."
            )
        return end, Head(entry.seq, entry.hash)


def _last_line(descriptor: int) -> tuple[int, bytes]:
    """The last finished line with its newline, and where it ends; only the file's end is read."""
    start = os.fstat(descriptor).st_size
    text = b""
    while start > 0 and text.count(b"\n") < 2:
        step = min(_BLOCK, start)
        start -= step
        text = os.pread(descriptor, step, start) + text
    finished, newline, _ = text.rpartition(b"\n")
    return start + len(finished) + len(newline), finished.rpartition(b"\n")[2] + newline


def _write(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
