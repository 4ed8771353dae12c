"""Where bytes are kept: a store of files under keys, immutable or replaced whole, in a folder.

The bucket is in `s3.py`. Keys are relative, `/`-separated names; which keys there are is said in
`cuadre.pipeline.lake`, not here.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from cuadre.model.digests import sha256_of
from cuadre.model.errors import StoreDamaged
from cuadre.sources.transport import CHUNK


class Store(Protocol):
    """Files under keys. Readers see a whole file or none; a finished write survives a power cut."""

    def put_new(self, key: str, path: Path) -> bool:
        """Keep a copy of `path` under `key` for good; False when the same bytes were there, StoreDamaged if others."""

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of `path` under `key`, in place of what was there."""

    def put_bytes(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`, in place of what was there."""

    def get(self, key: str) -> Path:
        """A local, read-only copy of `key`; StoreDamaged when there is none."""

    def read(self, key: str) -> bytes:
        """The bytes of `key`; StoreDamaged when there is none."""

    def exists(self, key: str) -> bool:
        """Whether there is anything under `key`."""

    def list(self, prefix: str) -> Sequence[str]:
        """Keys that start with `prefix`, sorted."""


class FolderStore:
    """A store in `folder`: a local disk, or a network file system every worker mounts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def put_new(self, key: str, path: Path) -> bool:
        """Keep a copy of `path` under `key` for good; False when the same bytes were there."""
        place = self._place(key)
        if place.exists():
            return self._same(key, place, path)
        with self._arriving(place) as partial:
            _copy(path, partial)
            partial.chmod(0o400)
            try:
                os.link(partial, place)
            except FileExistsError:
                return self._same(key, place, path)
        _sync_folder(place.parent)
        return True

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of `path` under `key`, in place of what was there."""
        place = self._place(key)
        with self._arriving(place) as partial:
            _copy(path, partial)
            partial.replace(place)
        _sync_folder(place.parent)

    def put_bytes(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`, in place of what was there."""
        place = self._place(key)
        with self._arriving(place) as partial:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(place)
        _sync_folder(place.parent)

    def get(self, key: str) -> Path:
        """The file itself: do not write to it."""
        place = self._place(key)
        if not place.is_file():
            raise StoreDamaged(f"The store has nothing under {key}.")
        return place

    def read(self, key: str) -> bytes:
        """The bytes of `key`."""
        return self.get(key).read_bytes()

    def exists(self, key: str) -> bool:
        """Whether there is anything under `key`."""
        return self._place(key).is_file()

    def list(self, prefix: str) -> Sequence[str]:
        """Keys that start with `prefix`, sorted; files still arriving are left out."""
        start = self._folder / prefix.rpartition("/")[0]
        paths = (Path(root) / name for root, _, names in os.walk(start) for name in names)
        keys = (path.relative_to(self._folder).as_posix() for path in paths if not path.name.startswith(".arriving-"))
        return sorted(key for key in keys if key.startswith(prefix))

    def _place(self, key: str) -> Path:
        return self._folder / checked_key(key)

    @contextmanager
    def _arriving(self, place: Path) -> Iterator[Path]:
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".arriving-", dir=place.parent)
        os.close(descriptor)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _same(self, key: str, place: Path, path: Path) -> bool:
        if sha256_of(place) != sha256_of(path):
            raise StoreDamaged(f"The store holds other bytes under the immutable key {key}; do not overwrite them.")
        return False


def checked_key(key: str) -> str:
    """`key` itself when it is a plain relative name; ValueError otherwise."""
    parts = key.split("/")
    if "\\" in key or "\0" in key or any(part in ("", ".", "..") or part.startswith(".arriving-") for part in parts):
        raise ValueError(f"not a store key: {key!r}")
    return key


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("wb") as writer:
        shutil.copyfileobj(reader, writer, CHUNK)
        writer.flush()
        os.fsync(writer.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
