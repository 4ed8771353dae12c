"""The key ring of a source: which keys it holds, and bringing more in. Only a source file trusts a key."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cuadre.model.errors import ConfigurationError
from cuadre.trust.home import OPTIONS, environment, private_home
from cuadre.trust.listing import Key, keys_in


def list_keys(home: Path) -> tuple[Key, ...]:
    """Every key and subkey in `home`, and which of them are ours.

    Raises:
        ConfigurationError: `home` is not a GnuPG home.
    """
    with private_home(home) as view:
        return keys_in(view, secret=True)


def import_keys(home: Path, file: Path) -> tuple[Key, ...]:
    """Take the keys of `file` into `home`, and say which they are. A key counts only once a source names it.

    Raises:
        ConfigurationError: the file holds no key.
    """
    with _only_writer(home), private_home(home) as view:
        private = home / "private-keys-v1.d"
        private.mkdir(mode=0o700, exist_ok=True)
        if not (view / private.name).exists():
            (view / private.name).symlink_to(private.resolve())
        brought = _import(view, file)
        ring = view / "pubring.kbx"
        if ring.exists() and not ring.is_symlink():  # gpg replaces the file, and with it our link
            _replace(ring, home / ring.name)
        held = keys_in(view, secret=True)
    if not brought:
        raise ConfigurationError(f"{file}: no OpenPGP key in it.")
    return tuple(key for key in held if key.primary in brought)


def _import(view: Path, file: Path) -> set[str]:
    """Primary fingerprints of what gpg took from `file`, which it reads itself: a secret key passes through no pipe."""
    with file.open("rb") as keys:
        done = subprocess.run(
            ["gpg", *OPTIONS, f"--homedir={view}", "--status-fd=1", "--import"],
            stdin=keys,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            check=False,
        )
    said = [line.split() for line in done.stdout.decode(errors="replace").split("\n")]
    return {words[3] for words in said if words[1:2] == ["IMPORT_OK"] and len(words) > 3}


@contextlib.contextmanager
def _only_writer(home: Path) -> Iterator[None]:
    """Two imports into one home wait for each other; gpg's own lock is beside its view and would not help."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _replace(new: Path, old: Path) -> None:
    """Put `new` in place of `old` in one step, also across file systems."""
    arriving = old.with_name(f".{old.name}.arriving")
    arriving.write_bytes(new.read_bytes())
    arriving.chmod(0o600)
    arriving.replace(old)
