"""The key ring of a source: which keys it holds, bringing one in, and how long they last. Nothing here trusts a key."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cuadre.config.trust import Trust
from cuadre.model.errors import ConfigurationError
from cuadre.trust.home import OPTIONS, environment, private_home
from cuadre.trust.listing import Key, keys_in


@dataclass(frozen=True, slots=True)
class KeyWarning:
    """A key somebody should look at: whole days left (negative when over; None when it is not there at all)."""

    fingerprint: str
    days_left: int | None
    sentence: str


def list_keys(home: Path) -> tuple[Key, ...]:
    """Every key and subkey in `home`, and which of them are ours.

    Raises:
        ConfigurationError: `home` is not a GnuPG home.
    """
    with private_home(home) as view:
        return keys_in(view, secret=True)


def import_keys(home: Path, file: Path) -> tuple[str, ...]:
    """Take the keys of `file` into `home`; their primary fingerprints. A key counts only once a source names it.

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
    if not brought:
        raise ConfigurationError(f"{file}: no OpenPGP key in it.")
    return brought


def check_keys(home: Path, trust: Trust, now: datetime, *, days: int = 30) -> tuple[KeyWarning, ...]:
    """What ends within `days` of `now`, or is missing: signers of `trust` and our own decryption keys."""
    keys = list_keys(home)
    primaries = {key.fingerprint: key for key in keys if key.fingerprint == key.primary}
    ends: list[tuple[str, str, date | None]] = []
    warnings: list[KeyWarning] = []
    for signer in trust.signers:
        key = primaries.get(signer.fingerprint)
        if key is None:
            warnings.append(KeyWarning(signer.fingerprint, None, "Allowed signer, but its key is not in the key ring."))
            continue
        if key.revoked:
            warnings.append(KeyWarning(signer.fingerprint, None, "Allowed signer, but its key is revoked."))
        key_end = key.expires.date() if key.expires else None
        ends.append((signer.fingerprint, "Allowed signer", min(filter(None, (key_end, signer.valid_to)), default=None)))
    ours = [key for key in keys if key.secret and "e" in key.capabilities and not key.revoked]
    if not ours:
        warnings.append(KeyWarning("", None, "No decryption key in the key ring."))
    ends += [(key.fingerprint, "Decryption key", key.expires.date() if key.expires else None) for key in ours]
    for fingerprint, role, end in ends:
        left = None if end is None else (end - now.astimezone(UTC).date()).days
        if left is not None and left <= days:
            warnings.append(KeyWarning(fingerprint, left, f"{role} ends on {end}. Arrange its successor."))
    return tuple(warnings)


def _import(view: Path, file: Path) -> tuple[str, ...]:
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
    said = [line.split() for line in done.stdout.decode(errors="replace").splitlines()]
    return tuple(dict.fromkeys(words[3] for words in said if words[1:2] == ["IMPORT_OK"] and len(words) > 3))


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
