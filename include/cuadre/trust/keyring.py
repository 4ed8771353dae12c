"""The key ring of a source: which keys it holds, bringing one in, and how long they last. Nothing here trusts a key."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import gnupg

from cuadre.config.trust import Trust
from cuadre.model.errors import ConfigurationError
from cuadre.trust.home import private_home

_ADDRESS = re.compile(r"\s*<[^>]*>|\S+@\S+")


@dataclass(frozen=True, slots=True)
class Key:
    """One key or subkey. `algorithm` is the OpenPGP number, `bits` its size, `capabilities` letters of e, s, c, a."""

    fingerprint: str
    primary: str
    user_id: str
    capabilities: str
    algorithm: int
    bits: int
    created: datetime
    expires: datetime | None
    revoked: bool
    secret: bool


@dataclass(frozen=True, slots=True)
class KeyWarning:
    """A key somebody should look at: whole days left (negative when over; None when it is not there at all)."""

    fingerprint: str
    days_left: int | None
    sentence: str


def list_keys(home: Path) -> tuple[Key, ...]:
    """Every key and subkey in `home`, by primary fingerprint; user ids without their e-mail address.

    Raises:
        ConfigurationError: `home` is not a GnuPG home.
    """
    with private_home(home) as view:
        ours = {fingerprint for entry in _gnupg(view).list_keys(secret=True) for fingerprint in _fingerprints(entry)}
        return tuple(replace(key, secret=key.fingerprint in ours) for key in keys_in(view))


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
        result = _gnupg(view).import_keys(file.read_bytes())
        ring = view / "pubring.kbx"
        if ring.exists() and not ring.is_symlink():  # gpg replaces the file, and with it our link
            _replace(ring, home / ring.name)
    if not result.fingerprints:
        raise ConfigurationError(f"{file}: no OpenPGP key in it.")
    return tuple(dict.fromkeys(result.fingerprints))


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


def keys_in(view: Path) -> tuple[Key, ...]:
    """`list_keys` of a view that is already open, without asking which of them are ours."""
    return tuple(key for entry in _gnupg(view).list_keys() for key in _keys(entry))


def _fingerprints(entry: dict[str, object]) -> list[str]:
    subkeys: list[list[str]] = entry["subkeys"]  # type: ignore[assignment]
    return [str(entry["fingerprint"]), *(subkey[2] for subkey in subkeys)]


def _keys(entry: dict[str, object]) -> Iterator[Key]:
    primary = str(entry["fingerprint"])
    uids: list[str] = entry["uids"]  # type: ignore[assignment]
    information: dict[str, dict[str, str]] = entry.get("subkey_info", {})  # type: ignore[assignment]
    yield _key(entry, primary, primary, uids)
    for key_id, _, fingerprint, *_ in entry["subkeys"]:  # type: ignore[attr-defined]
        yield _key(information[key_id], fingerprint, primary, uids)


def _key(fields: dict[str, object] | dict[str, str], fingerprint: str, primary: str, uids: list[str]) -> Key:
    expires = str(fields["expires"])
    return Key(
        fingerprint=fingerprint,
        primary=primary,
        user_id=_ADDRESS.sub("", uids[0]).strip() if uids else "",
        capabilities="".join(sorted(set(str(fields["cap"])) & set("esca"))),
        algorithm=int(str(fields["algo"])),
        bits=int(str(fields["length"]) or 0),
        created=datetime.fromtimestamp(int(str(fields["date"])), UTC),
        expires=datetime.fromtimestamp(int(expires), UTC) if expires else None,
        revoked=fields["trust"] == "r",
        secret=False,
    )


def _gnupg(view: Path) -> gnupg.GPG:
    return gnupg.GPG(gnupghome=str(view), options=["--no-options", "--disable-dirmngr", "--no-auto-check-trustdb"])


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
