"""The outer packets of an OpenPGP file, read without any key: what kind of message it is, and if all of it is there.

GnuPG says little about a file that ends early or goes on after its message; the packet lengths say it exactly.
Only headers are read and bodies are skipped. Nothing here decrypts, and nothing here proves anything about content.
Source: RFC 9580, sections 4.2 (packet headers) and 10.3 (grammar of messages).
"""

from __future__ import annotations

import os
from typing import BinaryIO

from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected

PKESK, SIGNATURE, SKESK, ONE_PASS, COMPRESSED, SED, MARKER, LITERAL, SEIPD, AEAD = 1, 2, 3, 4, 8, 9, 10, 11, 18, 20

_NOT_ENCRYPTED = (SIGNATURE, ONE_PASS, COMPRESSED, LITERAL)
_SESSION_KEYS = (PKESK, SKESK, MARKER)
_ENCRYPTED = (SED, SEIPD, AEAD)
_ZIP_MAGIC = b"PK"
_MAXIMUM_SESSION_KEYS = 64


def check_framing(file: BinaryIO) -> None:
    """Refuse what is not exactly one complete encrypted message; `file` is seekable and is left anywhere.

    Raises:
        ArchiveRejected: TRUNCATED, NOT_ENCRYPTED, NO_INTEGRITY_PROTECTION, MULTIPLE_MESSAGES or MALFORMED_OPENPGP.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size == 0:
        raise ArchiveRejected(RejectionReason.TRUNCATED, "The file is empty. Fetch it again.")
    if file.read(2) == _ZIP_MAGIC:
        raise ArchiveRejected(RejectionReason.NOT_ENCRYPTED)
    file.seek(0)
    tag = _first_after_session_keys(file, size)
    if tag == SED:
        raise ArchiveRejected(RejectionReason.NO_INTEGRITY_PROTECTION)
    if file.tell() != size:
        raise ArchiveRejected(RejectionReason.MULTIPLE_MESSAGES)


def looks_like_openpgp(head: bytes) -> bool:
    """Whether `head`, the first bytes of some content, opens like an OpenPGP message, binary or armoured."""
    if head.startswith(b"-----BEGIN PGP"):
        return True
    if not head or not head[0] & 0x80:
        return False
    return _tag(head[0]) in (*_SESSION_KEYS, *_ENCRYPTED, *_NOT_ENCRYPTED)


def _first_after_session_keys(file: BinaryIO, size: int) -> int:
    """Skip session key packets and then the encrypted packet; its tag."""
    for _ in range(_MAXIMUM_SESSION_KEYS):
        if file.tell() == size:
            raise ArchiveRejected(RejectionReason.TRUNCATED)
        tag = _skip_packet(file, size)
        if tag in _ENCRYPTED:
            return tag
        if tag not in _SESSION_KEYS:
            raise ArchiveRejected(RejectionReason.MALFORMED_OPENPGP)
    raise ArchiveRejected(RejectionReason.MALFORMED_OPENPGP, "More session keys than any honest message has.")


def _skip_packet(file: BinaryIO, size: int) -> int:
    header = _octet(file)
    if not header & 0x80:
        raise ArchiveRejected(RejectionReason.MALFORMED_OPENPGP)
    tag = _tag(header)
    if tag in _NOT_ENCRYPTED:
        raise ArchiveRejected(RejectionReason.NOT_ENCRYPTED)
    if header & 0x40:
        _skip_new_format(file, size)
    elif header & 3 == 3:  # indeterminate length, to the end of the file: only ever met on the obsolete SED packet
        file.seek(size)
    else:
        _skip(file, int.from_bytes(_exactly(file, 1 << (header & 3)), "big"), size)
    return tag


def _skip_new_format(file: BinaryIO, size: int) -> None:
    partial = True
    while partial:
        first = _octet(file)
        partial = 224 <= first < 255
        if first < 192:
            length = first
        elif first < 224:
            length = ((first - 192) << 8) + _octet(file) + 192
        elif partial:
            length = 1 << (first & 0x1F)
        else:
            length = int.from_bytes(_exactly(file, 4), "big")
        _skip(file, length, size)


def _skip(file: BinaryIO, length: int, size: int) -> None:
    if file.tell() + length > size:
        raise ArchiveRejected(RejectionReason.TRUNCATED)
    file.seek(length, os.SEEK_CUR)


def _tag(header: int) -> int:
    return header & 0x3F if header & 0x40 else (header & 0x3C) >> 2


def _octet(file: BinaryIO) -> int:
    return _exactly(file, 1)[0]


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise ArchiveRejected(RejectionReason.TRUNCATED)
    return data
