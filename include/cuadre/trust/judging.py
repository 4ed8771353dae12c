"""The verdict on one OpenPGP message, and the only way from a judged message to its plaintext.

The rule, in full (exit code 0 proves nothing): exactly one complete outer message; decryption went well under an
integrity-protected cipher above the floor; exactly one piece of content; every signature is good, covers the exact
bytes, and was made by an allowed primary key inside the key's validity and the allow-list's window, with algorithms
above the floor. Where those signatures stand is the source's shape. Web of trust plays no part. Judging throws the
plaintext away; `opened` decrypts a second time and believes the bytes only if gpg says word for word the same again.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cuadre.config.trust import Trust
from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected, ConfigurationError
from cuadre.trust.decryption import Decryption, decrypting
from cuadre.trust.framing import check_framing, check_signed_framing, looks_like_openpgp
from cuadre.trust.home import private_home
from cuadre.trust.listing import Key, keys_in
from cuadre.trust.rule import apply_encryption_rule, apply_rule, apply_signature_rule, is_intact
from cuadre.trust.shapes import Detached, Seen, binary, detached, seen
from cuadre.trust.status import Statement, ValidSignature
from cuadre.trust.verification import Verification, verifying

DEFAULT_PLAINTEXT_BYTES = 16 * 2**30
_ROOM_FOR_SIGNATURES = 1 << 16


@dataclass(frozen=True, slots=True)
class Verdict:
    """A message that is believed: who signed it and when (UTC), and what gpg said, to hold the second pass against.

    `signer` is the primary fingerprint, `plaintext_bytes` the size of the content, `digests` the hashes a signature may
    be made with. `ciphertext` is what gpg is to open, binary; `files` are all those that the verdict rests on.
    `witness` is the detached signature that the content itself is held against, and `testimony` what gpg said of it.
    """

    signer: str
    signed_at: datetime
    shape: str
    plaintext_bytes: int
    digests: tuple[str, ...]
    statement: Statement
    ciphertext: Path
    files: tuple[Seen, ...]
    witness: Path | None = None
    testimony: Statement | None = None


@dataclass(frozen=True, slots=True)
class _Judge:
    """What every look at one archive is done with."""

    view: Path
    room: Path
    trust: Trust
    now: datetime
    passphrase: str | None
    limit: int
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the first pass over an encrypted message gave; `testimony` when a detached signature went along."""

    statement: Statement
    code: int
    plaintext_bytes: int
    holds_openpgp: bool
    aead: bool
    testimony: tuple[Statement, int] | None


def judge(
    archive: Path,
    *,
    trust: Trust,
    home: Path,
    now: datetime,
    passphrase: str | None = None,
    signature: Path | None = None,
    limit: int = DEFAULT_PLAINTEXT_BYTES,
) -> Verdict:
    """Judge `archive` with the keys in `home`, as of `now`; at most `limit` plaintext bytes are looked at.

    Raises:
        ArchiveRejected: with the one code that fits best.
        ConfigurationError: the key ring or its passphrase is not usable, or a detached signature was given to a shape
            that has none.
    """
    with private_home(home) as view:
        return judge_in(view, archive, trust=trust, now=now, passphrase=passphrase, signature=signature, limit=limit)


def judge_in(
    view: Path,
    archive: Path,
    *,
    trust: Trust,
    now: datetime,
    passphrase: str | None = None,
    signature: Path | None = None,
    limit: int = DEFAULT_PLAINTEXT_BYTES,
    room: Path | None = None,
) -> Verdict:
    """`judge` with a private home that is already open.

    `room` is the private folder for what must be unwrapped before gpg sees it, ciphertext only; default the view.
    """
    if signature is not None and not trust.detached:
        raise ConfigurationError(f"A detached signature was given, but the source's shape is {trust.shape}.")
    given = tuple(seen(file) for file in (archive, signature) if file is not None)
    judge = _Judge(view, room or view, trust, now, passphrase, limit, keys_in(view))
    message = binary(archive, judge.room)
    if trust.shape == "signed_then_encrypted":
        chosen, ciphertext, opened, witness = *_signed_inside(judge, message), None
    elif trust.shape == "encrypted_then_signed":
        chosen, ciphertext, opened, witness = *_signed_around(judge, message), None
    else:
        chosen, ciphertext, opened, witness = _signed_beside(judge, archive, message, signature)
    return Verdict(
        signer=chosen.primary,
        signed_at=chosen.made_at,
        shape=trust.shape,
        plaintext_bytes=opened.plaintext_bytes,
        digests=trust.digests,
        statement=opened.statement,
        ciphertext=ciphertext,
        files=(*given, seen(ciphertext)),
        witness=witness,
        testimony=opened.testimony[0] if opened.testimony else None,
    )


@contextlib.contextmanager
def opened(view: Path, verdict: Verdict, *, now: datetime, passphrase: str | None = None) -> Iterator[Decryption]:
    """The plaintext of a judged message. Keep what you make of it in quarantine until `confirm` has returned."""
    with contextlib.ExitStack() as stack:
        witness = None
        if verdict.witness is not None:
            limit = verdict.plaintext_bytes
            checking = verifying(verdict.witness, view=view, now=now, digests=verdict.digests, limit=limit)
            witness = stack.enter_context(checking)
        yield stack.enter_context(
            decrypting(
                verdict.ciphertext,
                view=view,
                now=now,
                passphrase=passphrase,
                limit=verdict.plaintext_bytes,
                digests=verdict.digests,
                witness=witness,
            )
        )


def confirm(decryption: Decryption, verdict: Verdict) -> None:
    """Hold the second pass, read to its end, against the verdict.

    Raises:
        ArchiveRejected: TAMPERED, when gpg did not say the same, or the file is not the one that was judged.
    """
    statement, code = decryption.conclude()
    same = statement == verdict.statement and decryption.plaintext_bytes == verdict.plaintext_bytes
    if decryption.witness is not None:
        testimony, said = decryption.witness.conclude()
        same = same and said == 0 and testimony == verdict.testimony
    if code != 0 or not same or not all(file.unchanged for file in verdict.files):
        raise ArchiveRejected(
            RejectionReason.TAMPERED, "The file changed between judging and opening it. Fetch it again, then call."
        )


def _signed_inside(judge: _Judge, message: Path) -> tuple[ValidSignature, Path, _Opened]:
    """Signed, then encrypted."""
    first = _open(judge, message)
    try:
        chosen = apply_rule(
            first.statement,
            first.code,
            trust=judge.trust,
            now=judge.now,
            keys=judge.keys,
            holds_openpgp=first.holds_openpgp,
            aead=first.aead,
        )
    except ArchiveRejected as refusal:
        if first.aead or ("BADSIG" in first.statement.words and refusal.reason is RejectionReason.BAD_SIGNATURE):
            _blame_integrity(judge, message, aead=first.aead)
        raise
    return chosen, message, first


def _signed_around(judge: _Judge, message: Path) -> tuple[ValidSignature, Path, _Opened]:
    """Encrypted, then signed: the signature first, and what it is around is kept; it is still encrypted."""
    with message.open("rb") as file:
        check_signed_framing(file)
    descriptor, name = tempfile.mkstemp(prefix="signed-", suffix=".pgp", dir=judge.room)
    limit = message.stat().st_size + _ROOM_FOR_SIGNATURES  # ciphertext does not compress
    with os.fdopen(descriptor, "wb") as inner, _decrypting(judge, message, limit=limit) as unwrapping:
        while data := unwrapping.read():
            inner.write(data)
        statement, code = unwrapping.conclude()
    chosen = apply_signature_rule(statement, code, trust=judge.trust, now=judge.now, keys=judge.keys)
    ciphertext = binary(Path(name), judge.room)
    return chosen, ciphertext, _encryption(judge, ciphertext)


def _signed_beside(
    judge: _Judge, archive: Path, message: Path, signature: Path | None
) -> tuple[ValidSignature, Path, _Opened, Path | None]:
    """Encrypted, and the signature in a file of its own: over the ciphertext as it came, or over the content."""
    with message.open("rb") as file:
        check_framing(file)
    beside = detached(signature, judge.room)
    if judge.trust.shape == "detached_over_ciphertext":
        with _verifying(judge, beside, limit=archive.stat().st_size) as verification:
            verification.feed_file(archive)
            testimony = verification.conclude()
        chosen = _believed(judge, beside, *testimony)
        return chosen, message, _encryption(judge, message), None
    first = _encryption(judge, message, beside)
    assert first.testimony is not None
    return _believed(judge, beside, *first.testimony), message, first, beside.packets


def _believed(judge: _Judge, beside: Detached, statement: Statement, code: int) -> ValidSignature:
    return apply_signature_rule(
        statement, code, trust=judge.trust, now=judge.now, keys=judge.keys, signatures=beside.signatures
    )


def _encryption(judge: _Judge, message: Path, beside: Detached | None = None) -> _Opened:
    """The first pass over a message that must be encrypted and must not be signed inside."""
    first = _open(judge, message, beside)
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
            _blame_integrity(judge, message, aead=True)
        raise
    return first


def _open(judge: _Judge, message: Path, beside: Detached | None = None) -> _Opened:
    """Open it and throw the content away, but for what a detached signature, and the naming of a fault, need of it."""
    with message.open("rb") as file:
        aead = check_framing(file)
    with contextlib.ExitStack() as stack:
        witness = stack.enter_context(_verifying(judge, beside, limit=judge.limit)) if beside else None
        decryption = stack.enter_context(_decrypting(judge, message, limit=judge.limit, witness=witness))
        head = _drain(decryption)
        statement, code = decryption.conclude()
        testimony = witness.conclude() if witness else None
    return _Opened(statement, code, decryption.plaintext_bytes, looks_like_openpgp(head), aead, testimony)


def _decrypting(
    judge: _Judge, message: Path, *, limit: int, verify: bool = True, witness: Verification | None = None
) -> contextlib.AbstractContextManager[Decryption]:
    return decrypting(
        message,
        view=judge.view,
        now=judge.now,
        passphrase=judge.passphrase,
        limit=limit,
        digests=judge.trust.digests,
        verify=verify,
        witness=witness,
    )


def _verifying(judge: _Judge, beside: Detached, *, limit: int) -> contextlib.AbstractContextManager[Verification]:
    return verifying(beside.packets, view=judge.view, now=judge.now, digests=judge.trust.digests, limit=limit)


def _blame_integrity(judge: _Judge, message: Path, *, aead: bool) -> None:
    """Refuse as TAMPERED if so: at a bad signature gpg stops before the integrity check, so look again without them.

    Of authenticated encryption that fails GnuPG 2.2 says that it went well; only its exit code tells.
    """
    with _decrypting(judge, message, limit=judge.limit, verify=False) as decryption:
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
