"""The keys of a GnuPG home as gpg lists them: what each can do, how strong it is, and when and why it ends.

Nothing here trusts a key. Source: GnuPG's doc/DETAILS, "Format of the colon listings".
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cuadre.trust.home import OPTIONS, environment

SUPERSEDED, RETIRED = 1, 3
"""The two reasons for a revocation that leave older signatures unsuspected (RFC 9580, section 5.2.3.31)."""

_NO_REASON = 0
_REVOKING = re.compile(r"2[08]x,([0-9a-f]{2})")
_ESCAPED = re.compile(r"\\x([0-9a-fA-F]{2})")
_ADDRESS = re.compile(r"\s*<[^>]*>|\S+@\S+")


@dataclass(frozen=True, slots=True)
class Revocation:
    """When a key was revoked, and why: OpenPGP's number of the reason, 0 when none is given or it cannot be read.

    Of several revocations it is the earliest moment and the gravest reason.
    """

    reason: int
    made_at: datetime

    @property
    def is_orderly(self) -> bool:
        """Whether the owner says that the secret key was never out of their hands."""
        return self.reason in (SUPERSEDED, RETIRED)


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
    revocation: Revocation | None
    secret: bool

    @property
    def revoked(self) -> bool:
        """Whether it, or the primary key above it, is revoked."""
        return self.revocation is not None


def keys_in(view: Path, *, secret: bool = False) -> tuple[Key, ...]:
    """Every key and subkey in `view`, each primary key before its subkeys; user ids without their e-mail address.

    Which of them are ours is asked of gpg's agent, and only with `secret`; otherwise none is.
    """
    asked = ("--with-colons", "--with-subkey-fingerprint", *(("--with-secret",) if secret else ()), "--list-sigs")
    listing = subprocess.run(
        ["gpg", *OPTIONS, f"--homedir={view}", *asked],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        check=False,
    )
    return tuple(_keys([line.split(":") for line in listing.stdout.decode(errors="replace").split("\n")]))


def _keys(records: list[list[str]]) -> Iterator[Key]:
    starts = [number for number, record in enumerate(records) if record[0] in ("pub", "sub")]
    primary, user_id = "", ""
    above: Revocation | None = None
    for start, end in pairwise([*starts, len(records)]):
        head, belonging = records[start], records[start + 1 : end]
        fingerprint = next(record[9] for record in belonging if record[0] == "fpr")
        if head[0] == "pub":
            primary, user_id, above = fingerprint, _name(belonging), None
        revocation = _revocation(head, belonging, above)
        above = revocation if head[0] == "pub" else above
        yield Key(
            fingerprint=fingerprint,
            primary=primary,
            user_id=user_id,
            capabilities="".join(sorted(set(head[11]) & set("esca"))),
            algorithm=int(head[3]),
            bits=int(head[2] or 0),
            created=_instant(head[5]),
            expires=_instant(head[6]) if head[6] else None,
            revocation=revocation,
            secret=head[14] not in ("", "#"),
        )


def _revocation(head: list[str], belonging: list[list[str]], above: Revocation | None) -> Revocation | None:
    """The revocation of this key, or of the one above it; one that gpg does not show has no reason and always held."""
    found = [] if above is None else [above]
    found += [
        Revocation(int(match[1], 16) if (match := _REVOKING.fullmatch(record[10])) else _NO_REASON, _instant(record[5]))
        for record in belonging
        if record[0] == "rev" and record[10].startswith(("20", "28"))
    ]
    if head[1] == "r" and not found:
        return Revocation(_NO_REASON, _instant(head[5]))
    return _gravest(found)


def _gravest(found: list[Revocation]) -> Revocation | None:
    if not found:
        return None
    grave = [revocation.reason for revocation in found if not revocation.is_orderly]
    return Revocation(
        reason=grave[0] if grave else found[0].reason, made_at=min(revocation.made_at for revocation in found)
    )


def _name(belonging: list[list[str]]) -> str:
    given = next((record[9] for record in belonging if record[0] == "uid" and record[1] != "r"), "")
    text = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), given)
    plain = "".join(character if character.isprintable() else "?" for character in text)  # a terminal obeys the others
    return _ADDRESS.sub("", plain).strip()


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(int(text), UTC)
