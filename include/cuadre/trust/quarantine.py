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
    _sweep(target.parent, prefix)
    folder, lock = _make(target.parent, prefix)
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


def _make(parent: Path, prefix: str) -> tuple[Path, int]:
    """A folder and its lock. Somebody may sweep it between its making and its locking; then there is another one."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def _sweep(parent: Path, prefix: str) -> None:
    """Remove what nobody owns, under its lock: whoever gets the lock of a folder that is still there owns it."""
    for folder in parent.iterdir():
        if folder.name.startswith(prefix) and folder.is_dir() and not folder.is_symlink():
            with contextlib.suppress(FileNotFoundError, BlockingIOError), _locked_now(folder):
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked_now(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
