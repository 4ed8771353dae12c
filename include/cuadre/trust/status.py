"""What GnuPG said of one message: its status lines, read into one value. No verdict is passed here.

Source: GnuPG's doc/DETAILS, "Format of the --status-fd output".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected
from cuadre.model.openpgp import CIPHERS, DIGESTS

_PREFIX = "[GNUPG:] "


@dataclass(frozen=True, slots=True)
class ValidSignature:
    """One VALIDSIG: fingerprints of the signing key and of its primary key, and what the signature is made of."""

    fingerprint: str
    primary: str
    made_at: datetime
    version: int
    key_algorithm: int
    digest: str
    kind: str


@dataclass(frozen=True, slots=True)
class FailedSignature:
    """One ERRSIG: a signature that could not be checked, and why (libgpg-error code)."""

    digest: str
    made_at: datetime
    code: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything GnuPG said, in order. Equal statements mean the same message, signatures and session key.

    `decryption_key` is the fingerprint of the (sub)key of ours that opened it; None when a password did, or nothing.
    """

    lines: tuple[str, ...] = field(repr=False)  # user ids stand in them
    words: frozenset[str]
    valid: tuple[ValidSignature, ...]
    failed: tuple[FailedSignature, ...]
    ciphers: tuple[str, ...]
    decryption_key: str | None
    protected: bool
    aead: bool
    errors: dict[str, int] = field(hash=False)

    def count(self, word: str) -> int:
        """How often `word` was said."""
        return sum(line.split(" ", 1)[0] == word for line in self.lines)


def read_status(raw: Iterable[str]) -> Statement:
    """The status lines of one gpg process as a statement; lines that are not status lines are ignored.

    Raises:
        ArchiveRejected: MALFORMED_OPENPGP when a line does not read as GnuPG documents it, one cut short for instance.
    """
    lines = tuple(line[len(_PREFIX) :].rstrip() for line in raw if line.startswith(_PREFIX))
    try:
        return _statement(lines, [line.split() for line in lines if line.strip()])
    except (ValueError, IndexError, OverflowError, OSError):
        raise ArchiveRejected(RejectionReason.MALFORMED_OPENPGP, "What gpg says of it cannot be read.") from None


def _statement(lines: tuple[str, ...], said: list[list[str]]) -> Statement:
    infos = [words for words in said if words[0] == "DECRYPTION_INFO"]
    return Statement(
        lines=tuple(line for line in lines if not line.startswith("PROGRESS ")),
        words=frozenset(words[0] for words in said),
        valid=tuple(_valid(words) for words in said if words[0] == "VALIDSIG"),
        failed=tuple(_failed(words) for words in said if words[0] == "ERRSIG"),
        ciphers=tuple(CIPHERS.get(int(words[2]), f"cipher {words[2]}") for words in infos),
        decryption_key=next((words[1] for words in said if words[0] == "DECRYPTION_KEY" and len(words) > 1), None),
        protected=all(words[1] != "0" or _is_aead(words) for words in infos),
        aead=bool(infos) and all(_is_aead(words) for words in infos),
        errors={words[1]: _error_code(words[2]) for words in said if words[0] == "ERROR" and len(words) > 2},
    )


def _valid(words: list[str]) -> ValidSignature:
    return ValidSignature(
        fingerprint=words[1],
        primary=words[-1],
        made_at=_instant(words[3]),
        version=int(words[5]),
        key_algorithm=int(words[7]),
        digest=_digest(words[8]),
        kind=words[9],
    )


def _failed(words: list[str]) -> FailedSignature:
    return FailedSignature(digest=_digest(words[3]), made_at=_instant(words[5]), code=int(words[6]))


def _is_aead(information: list[str]) -> bool:
    return len(information) > 3 and information[3] != "0"


def _error_code(text: str) -> int:
    """The code in libgpg-error's number, which may have a name behind it and its source in the high bits."""
    return int(text.split("_", 1)[0]) & 0xFFFF


def _digest(number: str) -> str:
    return DIGESTS.get(int(number), f"digest {number}")


def _instant(text: str) -> datetime:
    if "T" in text:
        return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return datetime.fromtimestamp(int(text), UTC)
