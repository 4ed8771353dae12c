"""A private folder in which everything stays until it is believed: beside the target, or in memory.

Beside, promotion is a rename; in memory, what is refused has never touched a disk. Whoever works in a folder holds its
lock; one without a living owner is left over from a crash and is swept by the next one who comes to the same place.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import resource
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from cuadre.model.errors import ConfigurationError

MEMORY = Path("/dev/shm")  # noqa: S108  a private folder is made in it
_MOUNTS = Path("/proc/self/mounts")


@contextlib.contextmanager
def quarantine(target: Path, *, in_memory: bool = False) -> Iterator[Path]:
    """An empty folder (0700), gone when the block ends, however it ends: beside `target`, or in memory (tmpfs).

    From then on this process leaves no core file, which would hold what it read.

    Raises:
        ConfigurationError: it should be in memory, and this system has no tmpfs at its usual place.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    target.parent.mkdir(parents=True, exist_ok=True)
    parent, prefix = target.parent, f".{target.name}.quarantine-"
    if in_memory:
        parent, prefix = _memory(), f"cuadre-quarantine-{os.getuid()}-"
    _sweep(parent, prefix)
    folder, lock = _make(parent, prefix)
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
        _move(new, target / new.name)


def _move(file: Path, place: Path) -> None:
    """In one step for whoever looks at `place`, also out of memory onto a disk."""
    try:
        file.replace(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        arriving = place.with_name(f".{place.name}.arriving")
        shutil.copyfile(file, arriving)
        shutil.copymode(file, arriving)
        arriving.replace(place)


def _memory() -> Path:
    mounted = [line.split()[1:3] for line in _MOUNTS.read_text().splitlines()] if _MOUNTS.exists() else []
    if [str(MEMORY), "tmpfs"] not in mounted:
        raise ConfigurationError(
            f"The source keeps its quarantine in memory, and {MEMORY} is no tmpfs here. Mount one, or set "
            "`trust.quarantine: disk`."
        )
    return MEMORY


def _make(parent: Path, prefix: str) -> tuple[Path, int]:
    """A folder and its lock. Somebody may sweep it between its making and its locking; then there is another one."""
    while True:
        folder = parent / f"{prefix}{secrets.token_hex(8)}"  # known before it is made, so that a signal leaves none
        try:
            folder.mkdir(mode=0o700)
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)
        except FileNotFoundError:
            continue
        except BaseException:  # an interruption too must not leave a folder that nobody owns
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _sweep(parent: Path, prefix: str) -> None:
    """Remove what nobody owns, under its lock: whoever gets the lock of a folder that is still there owns it.

    Memory is everybody's place; what another user puts there under our name is neither ours to remove nor in our way.
    """
    for folder in parent.iterdir():
        if folder.name.startswith(prefix) and _is_ours(folder):
            with contextlib.suppress(OSError), _locked_now(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        status = folder.lstat()
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    return False


@contextlib.contextmanager
def _locked_now(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
