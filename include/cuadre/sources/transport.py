"""What every transport can do, and the rules all of them keep: safe names, stable files, bounded retries."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

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

    def __init__(self, target: Path, partial: Path, file: BinaryIO) -> None:
        self._target = target
        self._partial = partial
        self._file = file
        self._digest = hashlib.sha256()
        self._bytes = 0

    def write(self, block: bytes) -> None:
        """Add a block."""
        self._digest.update(block)
        self._bytes += self._file.write(block)

    def keep(self, announced: RemoteFile) -> Downloaded:
        """Give the finished file its name; SourceUnavailable when it has fewer or more bytes than `announced`."""
        if self._bytes != announced.bytes:
            raise SourceUnavailable(f"{announced.name}: {self._bytes} of {announced.bytes} bytes arrived.")
        self._partial.replace(self._target)
        return Downloaded(self._digest.hexdigest(), self._bytes)


@contextmanager
def arriving(target: Path) -> Iterator[Arrival]:
    """What is to become `target`; on the disk when the block ends, under its name once it is kept."""
    partial = target.with_name(f"{target.name}.part")
    with partial.open("wb") as file:
        yield Arrival(target, partial, file)
        file.flush()
        os.fsync(file.fileno())


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
