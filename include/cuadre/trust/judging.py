"""The verdict on one OpenPGP message, and the only way from a judged message to its plaintext.

The rule, in full (exit code 0 proves nothing): exactly one complete outer message; decryption went well under an
integrity-protected cipher above the floor; exactly one piece of content; every signature is good, covers the exact
bytes, and was made by an allowed primary key inside the key's validity and the allow-list's window, with algorithms
above the floor. Web of trust plays no part. Judging throws the plaintext away; `opened` decrypts a second time and
believes the bytes only if gpg says word for word the same again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cuadre.config.trust import Trust
from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected, ConfigurationError
from cuadre.trust.decryption import Decryption, decrypting
from cuadre.trust.framing import check_framing, looks_like_openpgp
from cuadre.trust.home import private_home
from cuadre.trust.listing import keys_in
from cuadre.trust.rule import apply_rule, is_intact
from cuadre.trust.shapes import Seen, binary, seen
from cuadre.trust.status import Statement

DEFAULT_PLAINTEXT_BYTES = 16 * 2**30


@dataclass(frozen=True, slots=True)
class Verdict:
    """A message that is believed: who signed it and when (UTC), and what gpg said, to hold the second pass against.

    `signer` is the primary fingerprint, `plaintext_bytes` the size of the content, `digests` the hashes a signature may
    be made with. `ciphertext` is what gpg is to open, binary; `files` are all those that the verdict rests on.
    """

    signer: str
    signed_at: datetime
    shape: str
    plaintext_bytes: int
    digests: tuple[str, ...]
    statement: Statement
    ciphertext: Path
    files: tuple[Seen, ...]


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
    if signature is not None:
        raise ConfigurationError(f"A detached signature was given, but the source's shape is {trust.shape}.")
    arrived = seen(archive)
    ciphertext = binary(archive, room or view)
    files = (arrived, seen(ciphertext))
    with ciphertext.open("rb") as file:
        check_framing(file)
    with decrypting(
        ciphertext, view=view, now=now, passphrase=passphrase, limit=limit, digests=trust.digests
    ) as decryption:
        head = _drain(decryption)
        statement, code = decryption.conclude()
    try:
        chosen = apply_rule(
            statement, code, trust=trust, now=now, keys=keys_in(view), holds_openpgp=looks_like_openpgp(head)
        )
    except ArchiveRejected as refusal:
        if "BADSIG" in statement.words and refusal.reason is RejectionReason.BAD_SIGNATURE:
            _blame_integrity(view, ciphertext, now=now, passphrase=passphrase, limit=limit)
        raise
    return Verdict(
        signer=chosen.primary,
        signed_at=chosen.made_at,
        shape=trust.shape,
        plaintext_bytes=decryption.plaintext_bytes,
        digests=trust.digests,
        statement=statement,
        ciphertext=ciphertext,
        files=files,
    )


@contextlib.contextmanager
def opened(view: Path, verdict: Verdict, *, now: datetime, passphrase: str | None = None) -> Iterator[Decryption]:
    """The plaintext of a judged message. Keep what you make of it in quarantine until `confirm` has returned."""
    with decrypting(
        verdict.ciphertext,
        view=view,
        now=now,
        passphrase=passphrase,
        limit=verdict.plaintext_bytes,
        digests=verdict.digests,
    ) as decryption:
        yield decryption


def confirm(decryption: Decryption, verdict: Verdict) -> None:
    """Hold the second pass, read to its end, against the verdict.

    Raises:
        ArchiveRejected: TAMPERED, when gpg did not say the same, or the file is not the one that was judged.
    """
    statement, code = decryption.conclude()
    same = statement == verdict.statement and decryption.plaintext_bytes == verdict.plaintext_bytes
    if code != 0 or not same or not all(file.unchanged for file in verdict.files):
        raise ArchiveRejected(
            RejectionReason.TAMPERED, "The file changed between judging and opening it. Fetch it again, then call."
        )


def _blame_integrity(view: Path, ciphertext: Path, *, now: datetime, passphrase: str | None, limit: int) -> None:
    """Refuse as TAMPERED if so: at a bad signature gpg stops before the integrity check, so look again without them."""
    with decrypting(
        ciphertext, view=view, now=now, passphrase=passphrase, limit=limit, digests=(), verify=False
    ) as decryption:
        _drain(decryption)
        statement, _ = decryption.conclude()
    if not is_intact(statement):
        raise ArchiveRejected(RejectionReason.TAMPERED)


def _drain(decryption: Decryption) -> bytes:
    """Throw the plaintext away; its first bytes, only to name a message inside a message."""
    head = b""
    while data := decryption.read():
        head = head or data[:32]
    return head
