"""A table of messages under shapes that are not the default: what each shape takes, and what it refuses and why.

A row gives the shape that the source names, the message and its signature file, or None.
"""

from __future__ import annotations

import bz2
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from cuadre.model.codes import RejectionReason as Reason
from tests.fixtures.openpgp import NOW, SIGNED_AT, Keys, csv_text, zipped

Pair = tuple[bytes, bytes | None]
Maker = Callable[[Keys], Pair]

GOOD = zipped(csv_text())
OVER_CIPHERTEXT, OVER_PLAINTEXT, AROUND = "detached_over_ciphertext", "detached_over_plaintext", "encrypted_then_signed"


def _detached(content: bytes, keys: Keys, *options: str, by: str = "sender", at: object = SIGNED_AT) -> bytes:
    return keys.provider("-u", by, *options, "--detach-sign", data=content, at=at)  # type: ignore[arg-type]  # a datetime


def over_ciphertext(
    keys: Keys, *options: str, by: str = "sender", armour: bool = False, at: object = SIGNED_AT
) -> Pair:
    """An encrypted message and a signature over the file as it is."""
    message = keys.encrypt(GOOD, *(["--armor"] if armour else []))
    return message, _detached(message, keys, *options, by=by, at=at)


def over_plaintext(keys: Keys, *options: str, by: str = "sender", armour: bool = False, at: object = SIGNED_AT) -> Pair:
    """An encrypted message and a signature over what is in it."""
    return keys.encrypt(GOOD, *(["--armor"] if armour else [])), _detached(GOOD, keys, *options, by=by, at=at)


def around(keys: Keys, *options: str, by: str = "sender", armour: bool = False, at: object = SIGNED_AT) -> Pair:
    """An encrypted message inside a signed one."""
    message = keys.encrypt(GOOD, *(["--armor"] if armour else []))
    return keys.provider("-u", by, *options, "--sign", data=message, at=at), None  # type: ignore[arg-type]  # a datetime


def _alone(pair: Maker) -> Maker:
    return lambda keys: (pair(keys)[0], None)


def _signature(pair: Maker, change: Callable[[bytes], bytes]) -> Maker:
    def make(keys: Keys) -> Pair:
        message, signature = pair(keys)
        assert signature is not None
        return message, change(signature)

    return make


def _message(pair: Maker, change: Callable[[bytes], bytes]) -> Maker:
    return lambda keys: (change(pair(keys)[0]), pair(keys)[1])


def _bomb() -> bytes:
    """A compressed packet (bzip2) without a length of its own: zeros, in a ten thousandth of their size."""
    return b"\xa3\x03" + bz2.compress(bytes(16 << 20))


def _flipped(data: bytes) -> bytes:
    return data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]


def _both(pair: Maker) -> Maker:
    """Signatures of two signers in one file, the second one made over another file."""

    def make(keys: Keys) -> Pair:
        message, signature = pair(keys)
        assert signature is not None
        return message, signature + _detached(b"another file", keys, by="rsa")

    return make


def _signed_inside(keys: Keys) -> Pair:
    message = keys.seal(GOOD)
    return message, _detached(message, keys)


def _signed_inside_and_out(keys: Keys) -> Pair:
    return keys.seal(GOOD), _detached(GOOD, keys)


GOOD_SHAPES: dict[str, tuple[str, Maker]] = {}
BAD_SHAPES: dict[str, tuple[str, Maker, Reason]] = {}
for shape, pair in ((OVER_CIPHERTEXT, over_ciphertext), (OVER_PLAINTEXT, over_plaintext), (AROUND, around)):
    GOOD_SHAPES |= {
        f"{shape}: binary": (shape, pair),
        f"{shape}: message armoured": (shape, partial(pair, armour=True)),
        f"{shape}: signature armoured": (shape, lambda k, pair=pair: pair(k, "--armor")),  # type: ignore[misc]  # bound
        f"{shape}: two allowed signers": (shape, lambda k, pair=pair: pair(k, "-u", "rsa")),  # type: ignore[misc]  # bound
    }
    signers: dict[str, tuple[Maker, Reason]] = {
        "a key we do not have": (partial(pair, by="stranger"), Reason.UNKNOWN_SIGNER),
        "an allowed key and one we do not have": (
            lambda k, pair=pair: pair(k, "-u", "stranger"),  # type: ignore[misc]  # bound
            Reason.UNKNOWN_SIGNER,
        ),
        "a key that is not allowed": (partial(pair, by="second"), Reason.SIGNER_NOT_ALLOWED),
        "an allowed key and one that is not": (
            lambda k, pair=pair: pair(k, "-u", "second"),  # type: ignore[misc]  # bound
            Reason.SIGNER_NOT_ALLOWED,
        ),
        "a key that had expired": (partial(pair, by="outdated"), Reason.SIGNER_EXPIRED),
        "a revoked key": (partial(pair, by="revoked"), Reason.SIGNER_REVOKED),
        "a short RSA key": (partial(pair, by="short"), Reason.WEAK_ALGORITHM),
        "SHA-1": (lambda k, pair=pair: pair(k, "--digest-algo", "SHA1"), Reason.WEAK_ALGORITHM),  # type: ignore[misc]  # bound
        "a clock ahead": (partial(pair, at=NOW + timedelta(minutes=6)), Reason.SIGNATURE_FROM_FUTURE),
        "a key before its window": (partial(pair, at=SIGNED_AT - timedelta(days=80)), Reason.SIGNER_NOT_ALLOWED),
        "a signature that has run out": (
            lambda k, pair=pair: pair(k, "--default-sig-expire", "1d", at=SIGNED_AT - timedelta(days=2)),  # type: ignore[misc]  # bound
            Reason.SIGNATURE_EXPIRED,
        ),
        "text mode": (lambda k, pair=pair: pair(k, "--textmode"), Reason.BAD_SIGNATURE),  # type: ignore[misc]  # bound
    }
    BAD_SHAPES |= {f"{shape}: signed with {name}": (shape, make, code) for name, (make, code) in signers.items()}
    BAD_SHAPES |= {
        f"{shape}: signed and not encrypted": (shape, lambda k: (k.sign(GOOD), None), Reason.NOT_ENCRYPTED),
        f"{shape}: a bare ZIP": (shape, lambda k: (GOOD, None), Reason.NOT_ENCRYPTED),
        f"{shape}: encrypted only": (shape, lambda k: (k.encrypt(GOOD), None), Reason.UNSIGNED),
        f"{shape}: signed, then encrypted": (shape, lambda k: (k.seal(GOOD), None), Reason.UNSIGNED),
    }
for shape, pair in ((OVER_CIPHERTEXT, over_ciphertext), (OVER_PLAINTEXT, over_plaintext)):
    BAD_SHAPES |= {
        f"{shape}: no signature file": (shape, _alone(pair), Reason.UNSIGNED),
        f"{shape}: encrypted, then signed": (shape, around, Reason.NOT_ENCRYPTED),
        f"{shape}: an empty signature file": (shape, _signature(pair, lambda s: b""), Reason.TRUNCATED),
        f"{shape}: signature cut": (shape, _signature(pair, lambda s: s[:-1]), Reason.TRUNCATED),
        f"{shape}: signature changed": (shape, _signature(pair, _flipped), Reason.BAD_SIGNATURE),
        f"{shape}: two signers, one over another file": (shape, _both(pair), Reason.BAD_SIGNATURE),
        f"{shape}: data behind the signature": (shape, _signature(pair, lambda s: s + b"\n"), Reason.MULTIPLE_MESSAGES),
        f"{shape}: a message as signature": (
            shape,
            lambda k: (k.encrypt(GOOD), k.sign(GOOD)),
            Reason.MALFORMED_OPENPGP,
        ),
        f"{shape}: the message as its own signature": (
            shape,
            lambda k: (k.encrypt(GOOD), k.encrypt(GOOD)),
            Reason.MALFORMED_OPENPGP,
        ),
        f"{shape}: text as signature": (shape, _signature(pair, lambda s: b"signed"), Reason.MALFORMED_OPENPGP),
        f"{shape}: a huge signature": (shape, _signature(pair, lambda s: s * 1000), Reason.MALFORMED_OPENPGP),
        f"{shape}: two armoured signatures": (
            shape,
            _signature(lambda k, pair=pair: pair(k, "--armor"), lambda s: s * 2),  # type: ignore[misc]  # bound
            Reason.MULTIPLE_MESSAGES,
        ),
        f"{shape}: armoured signature cut": (
            shape,
            _signature(lambda k, pair=pair: pair(k, "--armor"), lambda s: s[:60]),  # type: ignore[misc]  # bound
            Reason.TRUNCATED,
        ),
        f"{shape}: two messages": (
            shape,
            lambda k: (k.encrypt(GOOD) * 2, _detached(GOOD, k)),
            Reason.MULTIPLE_MESSAGES,
        ),
        f"{shape}: encrypted to somebody else": (
            shape,
            lambda k: (m := k.encrypt(GOOD, to="elsewhere"), _detached(m, k)),
            Reason.NO_DECRYPTION_KEY,
        ),
    }
BAD_SHAPES |= {
    "over ciphertext: the signature is over plaintext": (OVER_CIPHERTEXT, over_plaintext, Reason.BAD_SIGNATURE),
    "over plaintext: the signature is over ciphertext": (OVER_PLAINTEXT, over_ciphertext, Reason.BAD_SIGNATURE),
    "over ciphertext: signed inside as well": (OVER_CIPHERTEXT, _signed_inside, Reason.NESTED_MESSAGE),
    "over plaintext: signed inside as well": (OVER_PLAINTEXT, _signed_inside_and_out, Reason.NESTED_MESSAGE),
    "over ciphertext: ciphertext changed": (OVER_CIPHERTEXT, _message(over_ciphertext, _flipped), Reason.BAD_SIGNATURE),
    "over plaintext: ciphertext changed": (OVER_PLAINTEXT, _message(over_plaintext, _flipped), Reason.TAMPERED),
    "around: ciphertext changed": (
        AROUND,
        _message(partial(around, armour=False), lambda m: m[:-160] + bytes([m[-160] ^ 1]) + m[-159:]),
        Reason.BAD_SIGNATURE,
    ),
    "around: signed inside as well": (
        AROUND,
        lambda k: (k.provider("-u", "sender", "--sign", data=k.seal(GOOD)), None),
        Reason.NESTED_MESSAGE,
    ),
    "around: signed twice over": (
        AROUND,
        lambda k: (k.sign(k.sign(GOOD)), None),
        Reason.NOT_ENCRYPTED,
    ),
    "around: cut": (AROUND, lambda k: (k.sign(k.encrypt(GOOD))[:-1], None), Reason.TRUNCATED),
    "around: cut, compressed": (AROUND, lambda k: (around(k)[0][:-1], None), Reason.TRUNCATED),
    "around: a byte behind it": (AROUND, lambda k: (k.sign(k.encrypt(GOOD)) + b"\n", None), Reason.MALFORMED_OPENPGP),
    "around: a byte behind it, compressed": (AROUND, lambda k: (around(k)[0] + b"\n", None), Reason.MULTIPLE_MESSAGES),
    "around: two of them": (AROUND, lambda k: (k.sign(k.encrypt(GOOD)) * 2, None), Reason.MULTIPLE_MESSAGES),
    "around: without the signature behind it": (
        AROUND,
        lambda k: (k.sign(k.encrypt(GOOD))[:-119], None),
        Reason.TRUNCATED,
    ),
    "around: a compression bomb that nobody signed": (AROUND, lambda k: (_bomb(), None), Reason.ARCHIVE_UNSAFE),
    "around: two messages in it": (AROUND, lambda k: (k.sign(k.encrypt(GOOD) * 2), None), Reason.MULTIPLE_MESSAGES),
    "around: encrypted to somebody else": (
        AROUND,
        lambda k: (k.sign(k.encrypt(GOOD, to="elsewhere")), None),
        Reason.NO_DECRYPTION_KEY,
    ),
    "default: encrypted, then signed": ("signed_then_encrypted", around, Reason.NOT_ENCRYPTED),
    "default: signature in a file of its own": ("signed_then_encrypted", _alone(over_ciphertext), Reason.UNSIGNED),
}
