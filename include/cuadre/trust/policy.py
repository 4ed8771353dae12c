"""What a source demands of keys and algorithms: one signature or cipher held against its key lines and floors.

A signature is judged as of the moment it claims to be made. What is demanded of a whole message is in `rule`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from cuadre.config.trust import Trust, TrustedKey
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected, ConfigurationError
from cuadre.model.openpgp import PUBLIC_KEYS
from cuadre.trust.listing import Key
from cuadre.trust.status import ValidSignature

_BINARY_DOCUMENT = "00"
_BY_LENGTH = ("RSA", "DSA", "ELGAMAL")
"""Their strength is their length; a curve's is its name."""


def check_signature(signature: ValidSignature, *, trust: Trust, now: datetime, keys: Sequence[Key]) -> None:
    """Hold a mathematically good signature against the lines and floors of `trust`.

    Args:
        signature: as gpg vouched for it.
        trust: the source's own.
        now: the moment of judging, for signatures from the future.
        keys: the whole key ring: how its keys are made, when they end, which are revoked.

    Raises:
        ArchiveRejected: SIGNER_NOT_ALLOWED, SIGNATURE_FROM_FUTURE, BAD_SIGNATURE, WEAK_ALGORITHM, SIGNER_REVOKED or
            SIGNER_EXPIRED; the first that fits, in this order.
        ConfigurationError: a key that was used is not among `keys`.
    """
    lines = [key for key in trust.signers if key.fingerprint == signature.primary]
    if not lines:
        raise ArchiveRejected(
            Reason.SIGNER_NOT_ALLOWED, f"Signed by {signature.primary}, which this source does not allow."
        )
    if signature.made_at > now + trust.clock_skew:
        raise ArchiveRejected(
            Reason.SIGNATURE_FROM_FUTURE, f"Signed at {signature.made_at.isoformat()}. Compare both clocks (NTP)."
        )
    if signature.kind != _BINARY_DOCUMENT:
        raise ArchiveRejected(Reason.BAD_SIGNATURE, "A text signature does not cover the exact bytes of the archive.")
    used = _used({signature.fingerprint, signature.primary}, keys)
    _check_digest(signature.digest, trust)
    for key in used:
        _check_key(key, trust, "Signed with")
    _check_revocation(signature, lines, used)
    _check_window(signature, trust, lines, used)


def last_day_of(signer: str, *, trust: Trust, keys: Sequence[Key]) -> date | None:
    """The last day, in UTC, on which the primary key `signer` can have signed; None while no end of it is known."""
    lines = [line.last_day for line in trust.signers if line.fingerprint == signer]
    named = None if None in lines else max(filter(None, lines), default=None)
    expiry = [key.expires.astimezone(UTC).date() for key in keys if key.fingerprint == signer and key.expires]
    return min([*expiry, *([named] if named else [])], default=None)


def _check_digest(digest: str, trust: Trust) -> None:
    """Refuse a signature's hash below the floor: WEAK_ALGORITHM."""
    if digest not in trust.digests:
        raise ArchiveRejected(Reason.WEAK_ALGORITHM, f"Signed with {digest}. Ask for one of {_list(trust.digests)}.")


def check_decryption_key(fingerprint: str | None, *, trust: Trust, keys: Sequence[Key]) -> None:
    """Refuse a message that a password opened, NO_DECRYPTION_KEY, or a key of ours below the floor, WEAK_ALGORITHM."""
    if fingerprint is None:
        raise ArchiveRejected(Reason.NO_DECRYPTION_KEY, "It is encrypted with a password, not to our key.")
    for key in _used({fingerprint}, keys):
        _check_key(key, trust, "Encrypted to")


def check_ciphers(ciphers: Iterable[str], trust: Trust) -> None:
    """Refuse encryption below the floor: WEAK_ALGORITHM."""
    weak = sorted(set(ciphers) - set(trust.ciphers))
    if weak:
        raise ArchiveRejected(
            Reason.WEAK_ALGORITHM, f"Encrypted with {weak[0]}. Ask for one of {_list(trust.ciphers)}."
        )


def _check_key(key: Key, trust: Trust, what_for: str) -> None:
    """Refuse a key below the floor: WEAK_ALGORITHM. `what_for` begins the sentence, as in "Signed with"."""
    algorithm = PUBLIC_KEYS.get(key.algorithm, f"algorithm {key.algorithm}")
    if algorithm not in trust.public_keys:
        raise ArchiveRejected(
            Reason.WEAK_ALGORITHM, f"{what_for} a key for {algorithm}. Ask for one of {_list(trust.public_keys)}."
        )
    if algorithm in _BY_LENGTH and key.bits < trust.minimum_rsa_bits:
        raise ArchiveRejected(
            Reason.WEAK_ALGORITHM,
            f"{what_for} a key for {algorithm} of {key.bits} bits; {trust.minimum_rsa_bits} are needed.",
        )


def _check_revocation(signature: ValidSignature, lines: Sequence[TrustedKey], used: Sequence[Key]) -> None:
    """Only a key given up in good order leaves signatures that stand, and only if the source names it as retired."""
    if any(line.compromised for line in lines):
        raise ArchiveRejected(Reason.SIGNER_REVOKED, "The source names this key as compromised: nothing of it stands.")
    for revocation in filter(None, (key.revocation for key in used)):
        if not revocation.is_orderly or signature.made_at >= revocation.made_at:
            raise ArchiveRejected(Reason.SIGNER_REVOKED)
        if all(line.retired is None for line in lines):
            raise ArchiveRejected(
                Reason.SIGNER_REVOKED,
                "Its owner gave the key up in good order, later. What it signed before stands once the source names "
                "the key's last day as `retired`.",
            )


def _check_window(signature: ValidSignature, trust: Trust, lines: Sequence[TrustedKey], used: Sequence[Key]) -> None:
    day = signature.made_at.astimezone(UTC).date()
    if all(day < line.valid_from for line in lines):
        raise ArchiveRejected(
            Reason.SIGNER_NOT_ALLOWED, f"Signed on {day}, before this key's window begins. Check the source's keys."
        )
    if not any(line.counts_on(day) for line in lines):
        raise ArchiveRejected(Reason.SIGNER_EXPIRED)
    if any(key.expires is not None and signature.made_at >= key.expires for key in used):
        raise ArchiveRejected(Reason.SIGNER_EXPIRED)
    if any(signature.made_at < key.created - trust.clock_skew for key in used):
        raise ArchiveRejected(Reason.BAD_SIGNATURE, "The signature is dated before its key was made.")


def _used(fingerprints: set[str], keys: Sequence[Key]) -> list[Key]:
    """The keys with these fingerprints, every one of them: what is not listed cannot be held against anything."""
    used = [key for key in keys if key.fingerprint in fingerprints]
    if len(used) < len(fingerprints):
        raise ConfigurationError("The key ring changed while it was being used. Try again.")
    return used


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
