"""A private view of a GnuPG home, so that each run has its own short socket path, its own agent and no options file.

The key ring is never copied: the view is a folder of links. GnuPG's agent listens beside its home and fails on paths
over about 100 characters, and there is one agent for each home; with a view of our own, deep folders work, two runs on
one key ring do not stop each other's agent, and neither `gpg.conf` nor `gpg-agent.conf` of the home has a say.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cuadre.model.errors import ConfigurationError

OPTIONS = (
    "--no-options",
    "--batch",
    "--no-tty",
    "--lock-never",
    "--no-permission-warning",
    "--no-random-seed-file",
    "--no-auto-key-retrieve",
    "--no-auto-key-locate",
    "--no-auto-check-trustdb",
    "--disable-dirmngr",
    "--ignore-time-conflict",
    "--trust-model=always",
    "--pinentry-mode=loopback",
)
"""What every gpg is told: ask nobody and nothing, fetch nothing, leave trust to us."""

_LINKED = (
    "pubring.kbx",
    "pubring.gpg",
    "secring.gpg",
    "private-keys-v1.d",
    "public-keys.d",
    "openpgp-revocs.d",
    ".gpg-v21-migrated",
)
_LONGEST_PARENT = 60
_PREFIX = "cuadre-gnupg-"


@contextlib.contextmanager
def private_home(home: Path) -> Iterator[Path]:
    """A folder to give gpg as `--homedir` in place of `home`; on leaving, its agent is stopped and it is removed.

    Raises:
        ConfigurationError: `home` is no folder, or gpg is not installed.
    """
    if not home.is_dir():
        raise ConfigurationError(f"{home}: no GnuPG home there. Create it, or name the right one as `trust.keyring`.")
    if shutil.which("gpg") is None:
        raise ConfigurationError("GnuPG is not installed, or its `gpg` is not on the PATH.")
    _sweep()
    view = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_short_parent()))
    lock = os.open(view, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in _LINKED:
            if (home / name).exists():
                (view / name).symlink_to((home / name).resolve())
        yield view
    finally:
        _dismantle(view)
        os.close(lock)


def environment() -> dict[str, str]:
    """What gpg may see of our environment: where programs are, and nothing that changes its words or its home."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "HOME") if name in os.environ}
    return {**kept, "LC_ALL": "C", "LANGUAGE": "C"}


def _short_parent() -> str:
    candidates = [tempfile.gettempdir(), "/tmp", "/var/tmp"]  # noqa: S108  mkdtemp makes the private folder in it
    return next((c for c in candidates if len(c) <= _LONGEST_PARENT and os.access(c, os.W_OK)), candidates[0])


def _sweep() -> None:
    """Remove views whose process is gone; a living one holds its lock."""
    for view in Path(_short_parent()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if view.lstat().st_uid != os.getuid() or view.is_symlink() or not any(view.iterdir()):
                continue  # another user's, which may lead anywhere, or one that is just being made
            lock = os.open(view, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _dismantle(view)
            finally:
                os.close(lock)


def _dismantle(view: Path) -> None:
    for action in (("--kill", "gpg-agent"), ("--remove-socketdir",)):
        with contextlib.suppress(FileNotFoundError):
            subprocess.run(
                ["gpgconf", "--homedir", str(view), *action],
                check=False,
                env=environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
    shutil.rmtree(view, ignore_errors=True)
