"""Local copies of what a bucket holds, under their SHA-256, shared by the processes of one host and user.

A copy stays for as long as somebody uses it from time to time; it may be plaintext, so what nobody uses is swept.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

UNUSED = 24 * 60 * 60
"""Seconds after which a copy nobody asked for is swept: many times longer than any task may take."""


class Cache:
    """Copies in `folder`, which may be emptied whenever no task runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, digest: str, name: str) -> Path | None:
        """The copy with that SHA-256; being asked for keeps it from being swept."""
        place = self._place(digest, name)
        with self._locked(fcntl.LOCK_SH):
            if not place.is_file():
                return None
            os.utime(place)
        return place

    @contextmanager
    def adding(self, digest: str, name: str) -> Iterator[tuple[IO[bytes], Path]]:
        """A file to write the copy into, and the place it has once the block has ended without an error."""
        place = self._place(digest, name)
        with self.scrap() as file:
            yield file, place
            file.flush()
            with self._locked(fcntl.LOCK_SH):
                place.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileExistsError):  # another process was quicker, with the same bytes
                    os.link(file.name, place)

    @contextmanager
    def scrap(self) -> Iterator[IO[bytes]]:
        """A file of no lasting use."""
        self._make()
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".arriving-") as file:
            yield file

    def sweep(self, now: float) -> None:
        """Remove what was not used in the last `UNUSED` seconds before `now`, and what killed processes left."""
        with self._locked(fcntl.LOCK_EX):
            for root, _, names in os.walk(self._folder, topdown=False):
                for path in (Path(root) / name for name in names):
                    if path.stat().st_mtime < now - UNUSED:
                        path.unlink()
                if not any(Path(root).iterdir()) and Path(root) != self._folder:
                    Path(root).rmdir()

    def _place(self, digest: str, name: str) -> Path:
        return self._folder / digest[:2] / digest / name

    def _make(self) -> None:
        for folder in (self._folder.parent, self._folder):  # the mode given would be the last one's only
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        self._make()
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)
