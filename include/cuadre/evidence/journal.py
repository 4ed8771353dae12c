"""The journal: one JSON line per step taken, each carrying the SHA-256 of the line before.

Lines are only ever added. Whoever changes or removes one breaks every link after it, which `verify` shows; removing
the newest lines is seen by comparing with a head kept elsewhere. What the records mean is the steps' business.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cuadre.model.errors import JournalBroken

GENESIS = "0" * 64
"""What the first record carries."""

_BLOCK = 65536


class StepOutcome(StrEnum):
    """How a step ended."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JournalState:
    """A journal that verifies: number of records, and the hash of the newest (GENESIS when empty)."""

    records: int
    head: str


class Journal:
    """The journal in one file; any number of processes on any number of hosts may append (the disk must lock)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(
        self,
        step: str,
        source: str,
        settlement_date: date,
        outcome: StepOutcome,
        record: dict[str, Any],
        at: datetime,
    ) -> str:
        """Add a record and wait for the disk; returns its hash. `record` is JSON-safe, `at` is aware."""
        entry = {
            "at": at.astimezone(UTC).isoformat(),
            "step": step,
            "source": source,
            "settlement_date": settlement_date.isoformat(),
            "outcome": outcome.value,
            "record": record,
        }
        with self._locked() as descriptor:
            end, previous = _tail(descriptor)
            line = _line({**entry, "previous": previous})
            os.ftruncate(descriptor, end)
            os.lseek(descriptor, end, os.SEEK_SET)
            _write(descriptor, line)
            os.fsync(descriptor)
        return _hash(line)

    def records(self) -> Iterator[dict[str, Any]]:
        """All records, oldest first; a line that was never finished is left out."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield json.loads(line)

    def verify(self) -> JournalState:
        """Follow the chain from the first record; JournalBroken names the first line that does not hold."""
        count, previous = 0, GENESIS
        if not self._path.exists():
            return JournalState(0, GENESIS)
        with self._path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    break
                if _previous(line) != previous:
                    raise JournalBroken(
                        f"Line {number} of the journal does not follow from the one before: one of them was changed, "
                        "or one between them removed. Compare with the backup."
                    )
                count, previous = number, _hash(line)
        return JournalState(count, previous)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def _tail(descriptor: int) -> tuple[int, str]:
    """Where the last finished line ends, and its hash. What follows was cut off by a crash and never acknowledged."""
    size = os.fstat(descriptor).st_size
    text, start = b"", size
    while start > 0 and text.count(b"\n") < 2:
        step = min(_BLOCK, start)
        start -= step
        text = os.pread(descriptor, step, start) + text
    finished, newline, _ = text.rpartition(b"\n")
    if not newline:
        return 0, GENESIS
    last = finished.rpartition(b"\n")[2] + b"\n"
    return start + len(finished) + 1, _hash(last)


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _write(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _previous(line: bytes) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry.get("previous") if isinstance(entry, dict) else None
