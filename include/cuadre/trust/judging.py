"""The verdict on one OpenPGP message, and the only way from a judged message to its plaintext.

The rule, in full (exit code 0 proves nothing): exactly one complete outer message; decryption went well under an
integrity-protected cipher above the floor; exactly one piece of content; every signature is good, covers the exact
bytes, and was made by an allowed primary key inside the key's validity and the allow-list's window, with algorithms
above the floor. Where those signatures stand is the source's shape. Web of trust plays no part. Judging throws the
plaintext away; `opened` decrypts the same private copy a second time, and `confirm` believes the bytes only if gpg
said word for word the same again.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cuadre.config.trust import Trust
from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected, ConfigurationError
from cuadre.trust.decryption import Decryption, decrypting
from cuadre.trust.delivery import Delivery, take_in
from cuadre.trust.first_pass import Judge, Opened, blame_integrity, open_once, open_unsigned
from cuadre.trust.framing import check_framing, check_signed_framing
from cuadre.trust.home import private_home
from cuadre.trust.listing import keys_in
from cuadre.trust.policy import last_day_of
from cuadre.trust.rule import apply_rule, apply_signature_rule
from cuadre.trust.shapes import Detached, binary, detached
from cuadre.trust.status import Statement, ValidSignature
from cuadre.trust.verification import verifying

DEFAULT_PLAINTEXT_BYTES = 16 * 2**30
_ROOM_FOR_SIGNATURES = 1 << 16


@dataclass(frozen=True, slots=True)
class Verdict:
    """A message that is believed: who signed it and when (UTC), and what gpg said, to hold the second pass against.

    `signer` is the primary fingerprint, `last_day` the last on which it can have signed, `plaintext_bytes` the size of
    the content, `digests` the hashes a signature may be made with. `ciphertext` is what gpg is to open, binary and in
    the delivery's private folder. `witness` is the detached signature that the content itself is held against, and
    `testimony` what gpg said of it.
    """

    signer: str
    signed_at: datetime
    last_day: date | None
    shape: str
    plaintext_bytes: int
    digests: tuple[str, ...]
    statement: Statement
    ciphertext: Path
    witness: Path | None = None
    testimony: Statement | None = None


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

    Only to know the verdict: to open the message afterwards, take it in and use `judge_in`.

    Raises:
        ArchiveRejected: with the one code that fits best.
        ConfigurationError: the key ring or its passphrase is not usable, or a detached signature was given to a shape
            that has none.
    """
    with private_home(home) as view:
        delivery = take_in(archive, signature, view)
        return judge_in(view, delivery, trust=trust, now=now, passphrase=passphrase, limit=limit)


def judge_in(
    view: Path,
    delivery: Delivery,
    *,
    trust: Trust,
    now: datetime,
    passphrase: str | None = None,
    limit: int = DEFAULT_PLAINTEXT_BYTES,
) -> Verdict:
    """`judge` what was taken in, with a private home that is already open.

    What must be unwrapped before gpg sees it, ciphertext only, is kept beside the delivery.
    """
    if delivery.signature is not None and not trust.detached:
        raise ConfigurationError(f"A detached signature was given, but the source's shape is {trust.shape}.")
    judge = Judge(view, delivery.room, trust, now, passphrase, limit, keys_in(view))
    message = binary(delivery.archive, judge.room)
    if trust.shape == "signed_then_encrypted":
        chosen, ciphertext, opened, witness = *_signed_inside(judge, message), None
    elif trust.shape == "encrypted_then_signed":
        chosen, ciphertext, opened, witness = *_signed_around(judge, message), None
    else:
        chosen, ciphertext, opened, witness = _signed_beside(judge, delivery, message)
    return Verdict(
        signer=chosen.primary,
        signed_at=chosen.made_at,
        last_day=last_day_of(chosen.primary, trust=trust, keys=judge.keys),
        shape=trust.shape,
        plaintext_bytes=opened.plaintext_bytes,
        digests=trust.digests,
        statement=opened.statement,
        ciphertext=ciphertext,
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
        ArchiveRejected: TAMPERED, when gpg did not say the same of it.
    """
    statement, code = decryption.conclude()
    same = statement == verdict.statement and decryption.plaintext_bytes == verdict.plaintext_bytes
    if decryption.witness is not None:
        testimony, said = decryption.witness.conclude()
        same = same and said == 0 and testimony == verdict.testimony
    if code != 0 or not same:
        raise ArchiveRejected(
            RejectionReason.TAMPERED, "The file changed between judging and opening it. Fetch it again, then call."
        )


def _signed_inside(judge: Judge, message: Path) -> tuple[ValidSignature, Path, Opened]:
    """Signed, then encrypted."""
    first = open_once(judge, message)
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
            blame_integrity(judge, message, aead=first.aead)
        raise
    return chosen, message, first


def _signed_around(judge: Judge, message: Path) -> tuple[ValidSignature, Path, Opened]:
    """Encrypted, then signed: the signature first, and what it is around is kept; it is still encrypted."""
    limit = message.stat().st_size + _ROOM_FOR_SIGNATURES  # ciphertext does not compress
    with message.open("rb") as file:
        check_signed_framing(file, limit)
    descriptor, name = tempfile.mkstemp(prefix="signed-", suffix=".pgp", dir=judge.room)
    with os.fdopen(descriptor, "wb") as inner, judge.decrypting(message, limit=limit) as unwrapping:
        while data := unwrapping.read():
            inner.write(data)
        statement, code = unwrapping.conclude()
    chosen = apply_signature_rule(statement, code, trust=judge.trust, now=judge.now, keys=judge.keys)
    ciphertext = binary(Path(name), judge.room)
    return chosen, ciphertext, open_unsigned(judge, ciphertext)


def _signed_beside(judge: Judge, delivery: Delivery, message: Path) -> tuple[ValidSignature, Path, Opened, Path | None]:
    """Encrypted, and the signature in a file of its own: over the ciphertext as it came, or over the content."""
    with message.open("rb") as file:
        check_framing(file)
    beside = detached(delivery.signature, judge.room)
    if judge.trust.shape == "detached_over_ciphertext":
        with judge.verifying(beside, limit=delivery.archive.stat().st_size) as verification:
            verification.feed_file(delivery.archive)
            testimony = verification.conclude()
        chosen = _believed(judge, beside, *testimony)
        return chosen, message, open_unsigned(judge, message), None
    first = open_unsigned(judge, message, beside)
    assert first.testimony is not None
    return _believed(judge, beside, *first.testimony), message, first, beside.packets


def _believed(judge: Judge, beside: Detached, statement: Statement, code: int) -> ValidSignature:
    return apply_signature_rule(
        statement, code, trust=judge.trust, now=judge.now, keys=judge.keys, signatures=beside.signatures
    )
