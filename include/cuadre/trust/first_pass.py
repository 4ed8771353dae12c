"""The first pass over a message: gpg opens it, its content is thrown away, and what gpg said of it is kept.

What is demanded of that is in `rule`; which passes a shape needs, and what a verdict is made of, in `judging`.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cuadre.config.trust import Trust
from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected
from cuadre.trust.decryption import Decryption, decrypting
from cuadre.trust.framing import check_framing, looks_like_openpgp
from cuadre.trust.listing import Key
from cuadre.trust.rule import apply_encryption_rule, is_intact
from cuadre.trust.shapes import Detached
from cuadre.trust.status import Statement
from cuadre.trust.verification import Verification, verifying


@dataclass(frozen=True, slots=True)
class Judge:
    """What every look at one delivery is done with."""

    view: Path
    room: Path
    trust: Trust
    now: datetime
    passphrase: str | None
    limit: int
    keys: tuple[Key, ...]

    def decrypting(
        self, message: Path, *, limit: int | None = None, verify: bool = True, witness: Verification | None = None
    ) -> contextlib.AbstractContextManager[Decryption]:
        """`message` being opened, to at most `limit` bytes."""
        return decrypting(
            message,
            view=self.view,
            now=self.now,
            passphrase=self.passphrase,
            limit=self.limit if limit is None else limit,
            digests=self.trust.digests,
            verify=verify,
            witness=witness,
        )

    def verifying(
        self, beside: Detached, *, limit: int | None = None
    ) -> contextlib.AbstractContextManager[Verification]:
        """The detached signature `beside` being held against at most `limit` bytes."""
        size = self.limit if limit is None else limit
        return verifying(beside.packets, view=self.view, now=self.now, digests=self.trust.digests, limit=size)


@dataclass(frozen=True, slots=True)
class Opened:
    """What the first pass over an encrypted message gave; `testimony` when a detached signature went along."""

    statement: Statement
    code: int
    plaintext_bytes: int
    holds_openpgp: bool
    aead: bool
    testimony: tuple[Statement, int] | None


def open_once(judge: Judge, message: Path, beside: Detached | None = None) -> Opened:
    """Open it and throw the content away, but for what a detached signature, and the naming of a fault, need of it.

    Raises:
        ArchiveRejected: its framing is wrong, or it is too large or takes too long.
    """
    with message.open("rb") as file:
        aead = check_framing(file)
    with contextlib.ExitStack() as stack:
        witness = stack.enter_context(judge.verifying(beside)) if beside else None
        decryption = stack.enter_context(judge.decrypting(message, witness=witness))
        head = _drain(decryption)
        statement, code = decryption.conclude()
        testimony = witness.conclude() if witness else None
    return Opened(statement, code, decryption.plaintext_bytes, looks_like_openpgp(head), aead, testimony)


def open_unsigned(judge: Judge, message: Path, beside: Detached | None = None) -> Opened:
    """The first pass over a message that must be encrypted and must not be signed inside.

    Raises:
        ArchiveRejected: it is not so, or not sound.
    """
    first = open_once(judge, message, beside)
    try:
        apply_encryption_rule(
            first.statement,
            first.code,
            trust=judge.trust,
            keys=judge.keys,
            holds_openpgp=first.holds_openpgp,
            aead=first.aead,
        )
    except ArchiveRejected:
        if first.aead:
            blame_integrity(judge, message, aead=True)
        raise
    return first


def blame_integrity(judge: Judge, message: Path, *, aead: bool) -> None:
    """Refuse as TAMPERED if so: at a bad signature gpg stops before the integrity check, so look again without them.

    Of authenticated encryption that fails GnuPG 2.2 says that it went well; only its exit code tells.
    """
    with judge.decrypting(message, verify=False) as decryption:
        _drain(decryption)
        statement, code = decryption.conclude()
    failed = code != 0 if aead else not is_intact(statement)
    if failed and "DECRYPTION_INFO" in statement.words:
        raise ArchiveRejected(RejectionReason.TAMPERED)


def _drain(decryption: Decryption) -> bytes:
    """Throw the plaintext away; its first bytes, only to name a message inside a message."""
    head = b""
    while data := decryption.read():
        head = head or data[:32]
    return head
