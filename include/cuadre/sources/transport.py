"""What every transport can do, and the rules all of them keep: safe names, stable files, bounded retries."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from cuadre.model.errors import ArchiveUnstable, SourceUnavailable, Transient

CHUNK = 4 * 2**20
"""Bytes read at a time."""

SETTLE = 1.0
"""Seconds between two looks at a file that must not change in between."""

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, order=True)
class RemoteFile:
    """A regular file the provider offers: name without a path, bytes, and modification time in seconds (UTC epoch)."""

    name: str
    bytes: int
    modified: float


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A finished download: SHA-256 (lower-case hex) and number of the bytes written."""

    sha256: str
    bytes: int


class Transport(Protocol):
    """A folder of the provider, read-only. Every method may raise SourceUnavailable; sftp also HostKeyRefused."""

    def list(self) -> Sequence[RemoteFile]:
        """Regular files with safe names, sorted by name; anything else is passed over."""

    def download(self, name: str, target: Path) -> Downloaded:
        """Copy `name` to `target`, which appears only when complete; ArchiveUnstable when it changed meanwhile."""

    def close(self) -> None:
        """Let go of the connection."""


def is_safe(name: str) -> bool:
    """Whether `name` is a plain file name: no path part, no control character, no leading dot or dash."""
    return SAFE_NAME.fullmatch(name) is not None


def checked_name(name: str) -> str:
    """`name` itself when it is safe, else ValueError."""
    if not is_safe(name):
        raise ValueError("a remote name must be a plain file name")
    return name


def unchanged(before: RemoteFile, after: RemoteFile) -> None:
    """ArchiveUnstable when size or modification time differ."""
    if (before.bytes, before.modified) != (after.bytes, after.modified):
        raise ArchiveUnstable(f"{before.name} is still being written; it is taken once it holds still.")


class Arrival:
    """A file on its way to `target`: hashed and counted as it is written, beside the target until it is kept."""

    def __init__(self, announced: RemoteFile, target: Path, partial: Path, file: FileIO) -> None:
        self._announced = announced
        self._target = target
        self._partial = partial
        self._file = file
        self._digest = hashlib.sha256()
        self._bytes = 0

    def write(self, block: bytes) -> None:
        """Add a block; ArchiveUnstable when more comes than was announced, or a sender without end fills the disk."""
        if self._bytes + len(block) > self._announced.bytes:
            raise ArchiveUnstable(
                f"{self._announced.name}: more than the announced {self._announced.bytes} bytes came."
            )
        self._digest.update(block)
        self._bytes += len(block)
        rest = memoryview(block)
        with _own_disk(self._target):
            while rest:
                rest = rest[self._file.write(rest) :]

    def keep(self) -> Downloaded:
        """Give the finished file its name; SourceUnavailable when it has fewer bytes than announced."""
        if self._bytes != self._announced.bytes:
            raise SourceUnavailable(f"{self._announced.name}: {self._bytes} of {self._announced.bytes} bytes arrived.")
        self._partial.replace(self._target)
        return Downloaded(self._digest.hexdigest(), self._bytes)


@contextmanager
def arriving(announced: RemoteFile, target: Path) -> Iterator[Arrival]:
    """What is to become `target`; on the disk when the block ends, under its name once it is kept."""
    partial = target.with_name(f"{target.name}.part")
    with _own_disk(target):
        file = partial.open("wb", buffering=0)
    with file:
        yield Arrival(announced, target, partial, file)
        with _own_disk(target):
            os.fsync(file.fileno())


@contextmanager
def _own_disk(target: Path) -> Iterator[None]:
    """What goes wrong in here is our disk's trouble, not the provider's."""
    try:
        yield
    except OSError as error:
        raise Transient(f"Our own disk does not take {target.name}: {error.strerror}. Make room there.") from error


def with_retries(
    action: Callable[[], Result], *, attempts: int, wait: float, between: Callable[[], None] = lambda: None
) -> Result:
    """Run `action` up to `attempts` times while it raises Transient.

    The pause starts at `wait` seconds and doubles, up to 30; `between` is run before each new try. The last error is
    raised as it is.
    """
    retrying = Retrying(
        stop=stop_after_attempt(attempts),
        wait=wait_exponential(multiplier=wait, max=30),
        retry=retry_if_exception_type(Transient),
        before_sleep=lambda _: between(),
        reraise=True,
    )
    return retrying(action)
