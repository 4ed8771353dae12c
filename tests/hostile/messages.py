"""A table of messages nobody should believe: how each is made, and the one code it must be refused with."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

from cuadre.model.codes import RejectionReason as Reason
from tests.fixtures.openpgp import NOW, SIGNED_AT, Keys, csv_text, zipped

Maker = Callable[[Keys], bytes]
GOOD = zipped(csv_text())


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :]


def _bad_signature(keys: Keys) -> bytes:
    signed = keys.sign(GOOD)
    return keys.encrypt_packets(_flip(signed, signed.index(GOOD[:20]) + 15))


def _changed_body(keys: Keys) -> bytes:
    sealed = keys.seal(GOOD)
    return _flip(sealed, len(sealed) - 60)


def _changed_content(keys: Keys) -> bytes:
    sealed = keys.seal(os.urandom(50_000), "--compress-algo", "none")
    return _flip(sealed, 20_000)


def _changed_session_key(keys: Keys) -> bytes:
    return _flip(keys.seal(GOOD), 60)


def _literal(content: bytes) -> bytes:
    body = b"b\x00\x00\x00\x00\x00" + content
    return b"\xcb\xff" + len(body).to_bytes(4, "big") + body


def _without_integrity(keys: Keys) -> bytes:
    """The session key packet of a good message, then an encrypted packet of the old kind, which has no MDC."""
    sealed = keys.seal(GOOD)
    session_key = sealed[: 2 + sealed[1]]
    return session_key + b"\xc9\xc0\x00" + os.urandom(192)


def _text_signature(keys: Keys) -> bytes:
    return keys.encrypt_packets(keys.sign(b"PK text\n", "--textmode"))


def _with_password(keys: Keys) -> bytes:
    return keys.provider("-u", "sender", "--sign", "--symmetric", data=GOOD, passphrase="words")


def _cut(share: float) -> Maker:
    def make(keys: Keys) -> bytes:
        sealed = keys.seal(GOOD)
        return sealed[: int(len(sealed) * share)]

    return make


MESSAGES: dict[str, tuple[Maker, Reason]] = {
    "encrypted but not signed": (lambda k: k.encrypt(GOOD), Reason.UNSIGNED),
    "signed but not encrypted": (lambda k: k.sign(GOOD), Reason.NOT_ENCRYPTED),
    "signed and compressed but not encrypted": (lambda k: k.sign(GOOD, "--compress-algo", "zip"), Reason.NOT_ENCRYPTED),
    "a bare literal packet": (lambda k: _literal(GOOD), Reason.NOT_ENCRYPTED),
    "a bare ZIP": (lambda k: GOOD, Reason.NOT_ENCRYPTED),
    "content changed under its signature": (_bad_signature, Reason.BAD_SIGNATURE),
    "signed as text": (_text_signature, Reason.BAD_SIGNATURE),
    "signed by a key we do not have": (lambda k: k.seal(GOOD, by="stranger"), Reason.UNKNOWN_SIGNER),
    "signed also by a key we do not have": (lambda k: k.seal(GOOD, "-u", "stranger"), Reason.UNKNOWN_SIGNER),
    "signed by a known key that is not allowed": (lambda k: k.seal(GOOD, by="second"), Reason.SIGNER_NOT_ALLOWED),
    "signed also by a key that is not allowed": (lambda k: k.seal(GOOD, "-u", "second"), Reason.SIGNER_NOT_ALLOWED),
    "signed before the window": (
        lambda k: k.seal(GOOD, at=SIGNED_AT - timedelta(days=80)),
        Reason.SIGNER_NOT_ALLOWED,
    ),
    "signed after the key expired": (lambda k: k.seal(GOOD, by="outdated"), Reason.SIGNER_EXPIRED),
    "signed by a revoked key": (lambda k: k.seal(GOOD, by="revoked"), Reason.SIGNER_REVOKED),
    "signature with an expiry that has passed": (
        lambda k: k.seal(GOOD, "--default-sig-expire", "1d", at=SIGNED_AT - timedelta(days=2)),
        Reason.SIGNATURE_EXPIRED,
    ),
    "signed in the future": (lambda k: k.seal(GOOD, at=NOW + timedelta(minutes=6)), Reason.SIGNATURE_FROM_FUTURE),
    "signed with SHA-1": (lambda k: k.seal(GOOD, "--digest-algo", "SHA1"), Reason.WEAK_ALGORITHM),
    "signed with SHA-224": (lambda k: k.seal(GOOD, "--digest-algo", "SHA224", by="rsa"), Reason.WEAK_ALGORITHM),
    "signed with a short RSA key": (lambda k: k.seal(GOOD, by="short"), Reason.WEAK_ALGORITHM),
    "signed with DSA": (lambda k: k.seal(GOOD, by="dsa"), Reason.WEAK_ALGORITHM),
    "encrypted with 3DES": (lambda k: k.seal(GOOD, "--cipher-algo", "3DES"), Reason.WEAK_ALGORITHM),
    "ciphertext changed": (_changed_body, Reason.TAMPERED),
    "ciphertext changed where the content is": (_changed_content, Reason.TAMPERED),
    "session key changed": (_changed_session_key, Reason.TAMPERED),
    "encrypted without integrity protection": (_without_integrity, Reason.NO_INTEGRITY_PROTECTION),
    "encrypted to somebody else": (lambda k: k.seal(GOOD, to="elsewhere"), Reason.NO_DECRYPTION_KEY),
    "encrypted with a password": (_with_password, Reason.NO_DECRYPTION_KEY),
    "random bytes": (lambda k: b"\x00" + os.urandom(500), Reason.MALFORMED_OPENPGP),
    "plain text": (lambda k: csv_text().encode(), Reason.MALFORMED_OPENPGP),
    "encrypted garbage": (lambda k: k.encrypt_packets(b"\x00garbage" * 20), Reason.MALFORMED_OPENPGP),
    "armoured": (lambda k: k.seal(GOOD, "--armor"), Reason.MALFORMED_OPENPGP),
    "two messages in a row": (lambda k: k.seal(GOOD) * 2, Reason.MULTIPLE_MESSAGES),
    "a byte behind the message": (lambda k: k.seal(GOOD) + b"\n", Reason.MULTIPLE_MESSAGES),
    "two contents under one encryption": (
        lambda k: k.encrypt_packets(_literal(GOOD) + _literal(GOOD)),
        Reason.MULTIPLE_MESSAGES,
    ),
    "unsigned content behind the signed one": (
        lambda k: k.encrypt_packets(k.sign(GOOD) + _literal(GOOD)),
        Reason.MULTIPLE_MESSAGES,
    ),
    "unsigned content before the signed one": (
        lambda k: k.encrypt_packets(_literal(GOOD) + k.sign(GOOD)),
        Reason.MULTIPLE_MESSAGES,
    ),
    "two signed messages under one encryption": (
        lambda k: k.encrypt_packets(k.sign(GOOD) * 2),
        Reason.MULTIPLE_MESSAGES,
    ),
    "an encrypted file, encrypted again": (lambda k: k.encrypt(k.seal(GOOD)), Reason.NESTED_MESSAGE),
    "an encrypted file, signed and encrypted again": (lambda k: k.seal(k.seal(GOOD)), Reason.NESTED_MESSAGE),
    "encrypted packets inside encryption": (lambda k: k.encrypt_packets(k.seal(GOOD)), Reason.NESTED_MESSAGE),
    "an empty file": (lambda k: b"", Reason.TRUNCATED),
    "one byte": (_cut(0.002), Reason.TRUNCATED),
    "cut inside the session key": (_cut(0.1), Reason.TRUNCATED),
    "cut in half": (_cut(0.5), Reason.TRUNCATED),
    "last byte missing": (lambda k: k.seal(GOOD)[:-1], Reason.TRUNCATED),
    "last chunk missing of many": (lambda k: k.seal(os.urandom(100_000))[:-5000], Reason.TRUNCATED),
}
