"""A table of messages nobody should believe: how each is made, and the one code it must be refused with."""

from __future__ import annotations

import base64
import os
import re
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


def _armoured(keys: Keys) -> bytes:
    return keys.seal(GOOD, "--armor")


def _in_armour(packets: bytes, checksum: int | None = None) -> bytes:
    """Armour as RFC 9580 has it; its checksum is worked out bit by bit."""
    if checksum is None:
        checksum = 0xB704CE
        for octet in packets:
            checksum ^= octet << 16
            for _ in range(8):
                checksum = checksum << 1 ^ (0x1864CFB if checksum & 0x800000 else 0)
    text = base64.encodebytes(packets) + b"=" + base64.b64encode(checksum.to_bytes(3, "big")) + b"\n"
    return b"-----BEGIN PGP MESSAGE-----\n\n" + text + b"-----END PGP MESSAGE-----\n"


def _armour_letter_changed(keys: Keys) -> bytes:
    text = _armoured(keys)
    at = text.index(b"\n\n") + 200
    return text[:at] + (b"A" if text[at : at + 1] != b"A" else b"B") + text[at + 1 :]


def _text_signature(keys: Keys) -> bytes:
    return keys.encrypt_packets(keys.sign(b"PK text\n", "--textmode"))


def _with_password(keys: Keys) -> bytes:
    return keys.provider("-u", "sender", "--sign", "--symmetric", data=GOOD, passphrase="words")


def _cut(share: float) -> Maker:
    def make(keys: Keys) -> bytes:
        sealed = keys.seal(GOOD)
        return sealed[: int(len(sealed) * share)]

    return make


GOOD_MESSAGES: dict[str, Maker] = {
    "binary": lambda k: k.seal(GOOD),
    "armoured": _armoured,
    "armoured with headers": lambda k: k.seal(GOOD, "--armor", "--comment", "settlement"),
    "armoured without a checksum": lambda k: re.sub(rb"\n=[^\n]{4}\n", b"\n", _armoured(k)),
    "armoured with the checksum of the standard": lambda k: _in_armour(k.seal(GOOD)),
    "armoured on Windows, with blank lines": lambda k: b"\r\n" + _armoured(k).replace(b"\n", b"\r\n") + b"\r\n \r\n",
    "signed by two allowed keys": lambda k: k.seal(GOOD, "-u", "rsa"),
}
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
    "armoured, with words before it": (lambda k: b"Dear all,\n" + _armoured(k), Reason.MALFORMED_OPENPGP),
    "armoured, with words behind it": (lambda k: _armoured(k) + b"Regards\n", Reason.MULTIPLE_MESSAGES),
    "armoured twice over": (lambda k: _armoured(k) * 2, Reason.MULTIPLE_MESSAGES),
    "armoured, with a binary one behind it": (lambda k: _armoured(k) + k.seal(GOOD), Reason.MULTIPLE_MESSAGES),
    "two messages in one armour": (lambda k: _in_armour(k.seal(GOOD) * 2), Reason.MULTIPLE_MESSAGES),
    "armoured and cut in its lines": (lambda k: _armoured(k)[:400], Reason.TRUNCATED),
    "armoured and cut in its head": (lambda k: _armoured(k)[:27], Reason.TRUNCATED),
    "armoured, without its end": (lambda k: _armoured(k).split(b"-----END")[0], Reason.TRUNCATED),
    "armoured, and what is in it cut": (lambda k: _in_armour(k.seal(GOOD)[:-9]), Reason.TRUNCATED),
    "armour around nothing": (lambda k: _in_armour(b""), Reason.TRUNCATED),
    "armoured with another checksum": (lambda k: _in_armour(k.seal(GOOD), checksum=7), Reason.MALFORMED_OPENPGP),
    "armoured, with a letter changed": (_armour_letter_changed, Reason.MALFORMED_OPENPGP),
    "armoured, with a letter that is none": (
        lambda k: _armoured(k).replace(b"\n\n", b"\n\n*"),
        Reason.MALFORMED_OPENPGP,
    ),
    "armoured, with its padding in the middle": (
        lambda k: _armoured(k).replace(b"\n\n", b"\n\nQQ=="),
        Reason.MALFORMED_OPENPGP,
    ),
    "armoured as a signature": (lambda k: _armoured(k).replace(b"MESSAGE", b"SIGNATURE"), Reason.MALFORMED_OPENPGP),
    "armoured, and ended as a signature": (
        lambda k: _armoured(k).replace(b"END PGP MESSAGE", b"END PGP SIGNATURE"),
        Reason.MALFORMED_OPENPGP,
    ),
    "a key": (lambda k: k.provider("--armor", "--export", "sender"), Reason.MALFORMED_OPENPGP),
    "a signed text": (lambda k: k.provider("-u", "sender", "--clear-sign", data=b"text\n"), Reason.NOT_ENCRYPTED),
    "armoured, signed but not encrypted": (lambda k: k.sign(GOOD, "--armor"), Reason.NOT_ENCRYPTED),
    "armoured, encrypted but not signed": (lambda k: k.encrypt(GOOD, "--armor"), Reason.UNSIGNED),
    "an armoured file, signed and encrypted again": (lambda k: k.seal(_armoured(k)), Reason.NESTED_MESSAGE),
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
