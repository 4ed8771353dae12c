"""A private folder beside the target, in which everything stays until it is believed.

Beside, so that promotion is a rename. Whoever works in it holds its lock; one without a living owner is left over from
a crash and is swept by the next one who comes to the same target.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def quarantine(target: Path) -> Iterator[Path]:
    """An empty folder (0700) on the file system of `target`; gone when the block ends, however it ends."""
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}.quarantine-"
    with _locked(target.parent):  # nobody sweeps a folder between its making and its locking
        _sweep(target.parent, prefix)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def promote(folder: Path, target: Path, pattern: str) -> None:
    """Move the files of `folder` that match `pattern` into `target`, in place of those that match there now."""
    target.mkdir(parents=True, exist_ok=True)
    arriving = sorted(folder.glob(pattern))
    for old in set(target.glob(pattern)) - {target / new.name for new in arriving}:
        old.unlink()
    for new in arriving:
        new.replace(target / new.name)


def _sweep(parent: Path, prefix: str) -> None:
    for folder in parent.iterdir():
        if folder.name.startswith(prefix) and folder.is_dir() and not folder.is_symlink():
            with contextlib.suppress(BlockingIOError), _locked(folder, fcntl.LOCK_NB):
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path, how: int = 0) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(descriptor)
