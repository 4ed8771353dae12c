"""The acceptance rule: from what gpg said to one signature that is believed, or one reason why none is.

The order of the rules is here; what is demanded of keys and algorithms is in `policy`.

Source of the rule: what GnuPG was seen to say of forged, damaged and outdated messages; its exit code says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cuadre.config.trust import Trust
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected, ConfigurationError, OpeningStopped
from cuadre.trust.listing import Key
from cuadre.trust.policy import check_ciphers, check_decryption_key, check_signature
from cuadre.trust.status import Statement, ValidSignature

_NO_PUBLIC_KEY = 9
_NO_SECRET_KEY = 17
_WEAK_DIGEST = 5
_REFUSED_WORDS = ("ERRSIG", "EXPSIG", "BADSIG", "FAILURE", "UNEXPECTED", "NODATA", "BADARMOR", "TRUNCATED")
_MATCHING = ("GOODSIG", "EXPKEYSIG", "REVKEYSIG")
"""Words for a signature that fits the content; `policy` judges the key of the last two."""
_SIGNED_INSIDE = {"NEWSIG", "BADSIG", "ERRSIG", "EXPSIG", "VALIDSIG"}
_OUR_FAULT = (11, 31, 55, 77, 85, 99, 177)
"""libgpg-error: bad passphrase, no pinentry or agent, a damaged key, nothing set up, cancelled, operation refused."""
_OF_THE_SYSTEM = 16381
"""libgpg-error: from here on it is end of file or the system's own error, between gpg and its agent."""


def apply_rule(
    said: Statement,
    code: int,
    *,
    trust: Trust,
    now: datetime,
    keys: Sequence[Key],
    holds_openpgp: bool,
    aead: bool = False,
) -> ValidSignature:
    """The signature that makes the message believed; the first one, when several allowed keys signed.

    `aead` says that its packet is one of authenticated encryption, whatever gpg calls it.

    Raises:
        ArchiveRejected: the first rule that does not hold, outermost first: encryption, content, signatures.
        ConfigurationError: our own key could not be used.
        OpeningStopped: gpg's agent was gone while it was needed.
    """
    _check_encryption(said, trust, keys, aead)
    _check_single(said)
    _check_early_exits(said)
    _check_integrity(said, holds_openpgp)
    return _believed(said, code, trust, now, keys)


def apply_signature_rule(
    said: Statement, code: int, *, trust: Trust, now: datetime, keys: Sequence[Key], signatures: int | None = None
) -> ValidSignature:
    """The same for a signature outside of the encryption; `signatures` are how many there must be, if that is known.

    Raises:
        ArchiveRejected: the first rule that does not hold.
    """
    if "BEGIN_DECRYPTION" in said.words or "DECRYPTION_INFO" in said.words:
        raise ArchiveRejected(Reason.NESTED_MESSAGE)
    _check_single(said)
    _check_early_exits(said)
    chosen = _believed(said, code, trust, now, keys)
    if signatures is not None and len(said.valid) != signatures:
        raise ArchiveRejected(Reason.MALFORMED_OPENPGP, "Not all of its signatures could be read.")
    return chosen


def apply_encryption_rule(
    said: Statement, code: int, *, trust: Trust, keys: Sequence[Key], holds_openpgp: bool, aead: bool = False
) -> None:
    """What is demanded of an encrypted message whose signature is outside: that it is sound, and bears none inside.

    Raises:
        ArchiveRejected: the first rule that does not hold.
        ConfigurationError: our own key could not be used.
    """
    _check_encryption(said, trust, keys, aead)
    _check_single(said)
    if said.words & _SIGNED_INSIDE:
        raise ArchiveRejected(
            Reason.NESTED_MESSAGE, f"It is signed inside its encryption, too; the source's shape is {trust.shape}."
        )
    _check_integrity(said, holds_openpgp)
    if code != 0 or said.words & {*_REFUSED_WORDS}:
        raise ArchiveRejected(Reason.MALFORMED_OPENPGP)


def is_intact(said: Statement) -> bool:
    """Whether the encryption's own integrity check held."""
    went_well = "DECRYPTION_OKAY" in said.words and not said.words & {"BADMDC", "DECRYPTION_FAILED"}
    return went_well and ("GOODMDC" in said.words or said.aead)


def _believed(said: Statement, code: int, trust: Trust, now: datetime, keys: Sequence[Key]) -> ValidSignature:
    """The first of the signatures, once every one of them is believed."""
    _check_signature_words(said, trust, now)
    for signature in said.valid:
        check_signature(signature, trust=trust, now=now, keys=keys)
    _check_revocation_known(said, keys)
    matching = sum(said.count(word) for word in _MATCHING)
    if code != 0 or said.words & {*_REFUSED_WORDS} or not said.count("NEWSIG") == matching == len(said.valid):
        raise ArchiveRejected(Reason.MALFORMED_OPENPGP)
    return said.valid[0]


def _check_encryption(said: Statement, trust: Trust, keys: Sequence[Key], aead: bool) -> None:
    if "DECRYPTION_INFO" not in said.words:
        _explain_no_decryption(said)
    if said.count("DECRYPTION_INFO") > 1:
        raise ArchiveRejected(Reason.NESTED_MESSAGE)
    if not said.protected and not aead:
        raise ArchiveRejected(Reason.NO_INTEGRITY_PROTECTION)
    check_ciphers(said.ciphers, trust)
    check_decryption_key(said.decryption_key, trust=trust, keys=keys)


def _explain_no_decryption(said: Statement) -> None:
    failure = said.errors.get("pkdecrypt_failed")
    if "NO_SECKEY" in said.words or failure == _NO_SECRET_KEY:
        raise ArchiveRejected(Reason.NO_DECRYPTION_KEY)
    if "NEED_PASSPHRASE_SYM" in said.words:
        raise ArchiveRejected(Reason.NO_DECRYPTION_KEY, "It is encrypted with a password, not to our key.")
    if failure in _OUR_FAULT or "MISSING_PASSPHRASE" in said.words or "BAD_PASSPHRASE" in said.words:
        raise ConfigurationError("Our decryption key does not open: check `trust.passphrase` and the key ring.")
    if failure is not None and failure >= _OF_THE_SYSTEM:
        raise OpeningStopped("gpg's agent stopped, or could not read our key. Try again; else see the key ring.")
    if "ENC_TO" in said.words:
        raise ArchiveRejected(Reason.TAMPERED)
    raise ArchiveRejected(Reason.MALFORMED_OPENPGP)


def _check_single(said: Statement) -> None:
    if said.count("BEGIN_DECRYPTION") > 1:
        raise ArchiveRejected(Reason.NESTED_MESSAGE)
    if said.count("PLAINTEXT") > 1 or "proc_pkt.plaintext" in said.errors:
        raise ArchiveRejected(Reason.MULTIPLE_MESSAGES)


def _check_early_exits(said: Statement) -> None:
    """What makes gpg stop before it has said anything about integrity."""
    if "BADSIG" in said.words:
        raise ArchiveRejected(Reason.BAD_SIGNATURE)
    if "EXPSIG" in said.words:
        raise ArchiveRejected(Reason.SIGNATURE_EXPIRED)


def _check_integrity(said: Statement, holds_openpgp: bool) -> None:
    if not is_intact(said):
        raise ArchiveRejected(Reason.TAMPERED)
    if holds_openpgp:
        raise ArchiveRejected(Reason.NESTED_MESSAGE)
    if said.count("PLAINTEXT") == 0:
        raise ArchiveRejected(Reason.MALFORMED_OPENPGP)


def _check_signature_words(said: Statement, trust: Trust, now: datetime) -> None:
    for failed in said.failed:
        if failed.code == _WEAK_DIGEST or failed.digest not in trust.digests:
            raise ArchiveRejected(Reason.WEAK_ALGORITHM, f"Signed with {failed.digest}.")
        if failed.code == _NO_PUBLIC_KEY:
            raise ArchiveRejected(Reason.UNKNOWN_SIGNER)
        if failed.made_at > now + trust.clock_skew:
            raise ArchiveRejected(Reason.SIGNATURE_FROM_FUTURE)
        raise ArchiveRejected(Reason.BAD_SIGNATURE, f"A signature cannot be checked (error {failed.code}).")
    if not said.valid:
        raise ArchiveRejected(Reason.MALFORMED_OPENPGP if "NEWSIG" in said.words else Reason.UNSIGNED)


def _check_revocation_known(said: Statement, keys: Sequence[Key]) -> None:
    """The policy judged the revocation it was shown; one that only gpg knows of is not to slip through."""
    signers = {fingerprint for signature in said.valid for fingerprint in (signature.fingerprint, signature.primary)}
    if "REVKEYSIG" in said.words and not any(key.revoked for key in keys if key.fingerprint in signers):
        raise ArchiveRejected(Reason.SIGNER_REVOKED)
