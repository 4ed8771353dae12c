"""The watched folder: a transport over a directory somebody else fills (a mount, a drop box, a test)."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path

from cuadre.model.errors import ArchiveUnstable, SourceUnavailable
from cuadre.sources.transport import (
    CHUNK,
    SETTLE,
    Downloaded,
    RemoteFile,
    arriving,
    checked_name,
    is_safe,
    unchanged,
    with_retries,
)

_PLAINLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
"""Follow no link, and wait for nobody: opening a pipe would."""


class FolderTransport:
    """Reads `folder`; links and sub-folders are passed over. Seconds: `wait` between tries, `settle` between looks."""

    def __init__(self, folder: Path, *, attempts: int = 4, wait: float = 1.0, settle: float = SETTLE) -> None:
        self._folder = folder
        self._attempts = attempts
        self._wait = wait
        self._settle = settle

    def list(self) -> Sequence[RemoteFile]:
        """Regular files with safe names, sorted by name."""
        return with_retries(self._list, attempts=self._attempts, wait=self._wait)

    def download(self, name: str, target: Path) -> Downloaded:
        """Copy `name` to `target`, hashing on the way; ArchiveUnstable when it changed meanwhile."""
        checked_name(name)
        return with_retries(lambda: self._download(name, target), attempts=self._attempts, wait=self._wait)

    def close(self) -> None:
        """Nothing is held open."""

    def _list(self) -> Sequence[RemoteFile]:
        try:
            with os.scandir(self._folder) as entries:
                files = [e for e in entries if e.is_file(follow_symlinks=False) and is_safe(e.name)]
                return sorted(_seen(e.name, e.stat(follow_symlinks=False)) for e in files)
        except OSError as error:
            raise SourceUnavailable(f"The folder of the source cannot be listed: {error.strerror}.") from error

    def _download(self, name: str, target: Path) -> Downloaded:
        try:
            descriptor = os.open(self._folder / name, _PLAINLY)
        except FileNotFoundError:
            raise ArchiveUnstable(f"{name} was there a moment ago and is gone.") from None
        except OSError as error:
            raise SourceUnavailable(f"{name} cannot be opened: {error.strerror}.") from error
        with os.fdopen(descriptor, "rb") as source:
            before = _seen(name, os.fstat(descriptor))
            time.sleep(self._settle)
            unchanged(before, _seen(name, os.fstat(descriptor)))
            with arriving(before, target) as arrival:
                while block := source.read(CHUNK):
                    arrival.write(block)
            unchanged(before, _seen(name, os.fstat(descriptor)))
        return arrival.keep()


def _seen(name: str, status: os.stat_result) -> RemoteFile:
    if not stat.S_ISREG(status.st_mode):
        raise SourceUnavailable(f"{name} is not a regular file.")
    return RemoteFile(name, status.st_size, status.st_mtime)
