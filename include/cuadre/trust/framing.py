"""The outer packets of a binary OpenPGP file, read without any key: what it is, and if all of it is there.

GnuPG says little about a file that ends early or goes on after its message; the packet lengths say it exactly.
Only headers are read and bodies are skipped. Nothing here decrypts, and nothing here proves anything about content.
Source: RFC 9580, sections 4.2 (packet headers) and 10.3 (grammar of messages).
"""

from __future__ import annotations

import os
from typing import BinaryIO

from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected
from cuadre.trust.compression import check_compressed_end

PKESK, SIGNATURE, SKESK, ONE_PASS, COMPRESSED, SED, MARKER, LITERAL, SEIPD, AEAD = 1, 2, 3, 4, 8, 9, 10, 11, 18, 20

_NOT_ENCRYPTED = (SIGNATURE, ONE_PASS, COMPRESSED, LITERAL)
_SESSION_KEYS = (PKESK, SKESK, MARKER)
_ENCRYPTED = (SED, SEIPD, AEAD)
_ZIP_MAGIC = b"PK"
_MAXIMUM_SESSION_KEYS = 64
_MOST_PACKETS = 2 * 64 + 1


def check_framing(file: BinaryIO) -> bool:
    """Refuse what is not exactly one complete encrypted message; `file` is seekable and is left anywhere.

    Returns:
        Whether its encryption is authenticated (packet 20), of which GnuPG 2.2 says neither that nor how it went.

    Raises:
        ArchiveRejected: TRUNCATED, NOT_ENCRYPTED, NO_INTEGRITY_PROTECTION, MULTIPLE_MESSAGES or MALFORMED_OPENPGP.
    """
    size = _checked_size(file)
    tag = _first_after_session_keys(file, size)
    if tag == SED:
        raise ArchiveRejected(RejectionReason.NO_INTEGRITY_PROTECTION)
    if file.tell() != size:
        raise ArchiveRejected(RejectionReason.MULTIPLE_MESSAGES)
    return tag == AEAD


def check_signed_framing(file: BinaryIO, limit: int) -> None:
    """Refuse what is not exactly one complete signed message, compressed or not; `file` is left anywhere.

    What is compressed may unpack to at most `limit` bytes.

    Raises:
        ArchiveRejected: TRUNCATED, NOT_ENCRYPTED, UNSIGNED, MULTIPLE_MESSAGES, ARCHIVE_UNSAFE or MALFORMED_OPENPGP.
    """
    size = _checked_size(file)
    tags: list[int] = []
    while file.tell() < size:
        header = _header(file)
        if not tags and _tag(header) in (*_SESSION_KEYS, *_ENCRYPTED):
            raise ArchiveRejected(RejectionReason.UNSIGNED, "No signature is around the encryption.")
        if tags == [COMPRESSED] or len(tags) > _MOST_PACKETS:
            raise ArchiveRejected(RejectionReason.MULTIPLE_MESSAGES)
        if _tag(header) == COMPRESSED and _is_indeterminate(header):
            check_compressed_end(file, limit)
        else:
            _skip_body(file, header, size)
        tags.append(_tag(header))
    _check_signed_order(tags)


def count_signatures(file: BinaryIO) -> int:
    """How many signatures the detached signature in `file` holds: signature packets, whole, and nothing else.

    Raises:
        ArchiveRejected: TRUNCATED, MULTIPLE_MESSAGES or MALFORMED_OPENPGP.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    count = 0
    while file.tell() < size:
        first = _octet(file)
        if not first & 0x80 or _tag(first) != SIGNATURE:
            reason = RejectionReason.MULTIPLE_MESSAGES if count else RejectionReason.MALFORMED_OPENPGP
            raise ArchiveRejected(reason, "The signature file holds something else than signatures.")
        _skip_body(file, first, size)
        count += 1
    if count == 0:
        raise ArchiveRejected(RejectionReason.TRUNCATED, "The signature file is empty. Fetch it again.")
    return count


def looks_like_openpgp(head: bytes) -> bool:
    """Whether `head`, the first bytes of some content, opens like an OpenPGP message, binary or armoured."""
    if head.startswith(b"-----BEGIN PGP"):
        return True
    if not head or not head[0] & 0x80:
        return False
    return _tag(head[0]) in (*_SESSION_KEYS, *_ENCRYPTED, *_NOT_ENCRYPTED)


def _checked_size(file: BinaryIO) -> int:
    """Bytes of `file`, which is left at its beginning, unless it is empty or a bare ZIP."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size == 0:
        raise ArchiveRejected(RejectionReason.TRUNCATED, "The file is empty. Fetch it again.")
    if file.read(2) == _ZIP_MAGIC:
        raise ArchiveRejected(RejectionReason.NOT_ENCRYPTED)
    file.seek(0)
    return size


def _check_signed_order(tags: list[int]) -> None:
    """One content with signatures before it, or announced before it and standing behind it (RFC 9580, 10.3)."""
    if tags == [COMPRESSED]:
        return
    before = next((at for at, tag in enumerate(tags) if tag == LITERAL), len(tags))
    behind = tags[before + 1 :]
    if tags[:before] == [ONE_PASS] * before and behind[:before] == [SIGNATURE] * before:
        behind = behind[before:]
    elif tags[:before] != [SIGNATURE] * before:
        raise ArchiveRejected(RejectionReason.MALFORMED_OPENPGP)
    if before == len(tags):
        raise ArchiveRejected(RejectionReason.TRUNCATED)
    if before == 0:
        raise ArchiveRejected(RejectionReason.NOT_ENCRYPTED)
    if behind:
        raise ArchiveRejected(RejectionReason.MULTIPLE_MESSAGES)


def _first_after_session_keys(file: BinaryIO, size: int) -> int:
    """Skip session key packets and then the encrypted packet; its tag."""
    for _ in range(_MAXIMUM_SESSION_KEYS):
        if file.tell() == size:
            raise ArchiveRejected(RejectionReason.TRUNCATED)
        header = _header(file)
        tag = _tag(header)
        if tag in _NOT_ENCRYPTED:
            raise ArchiveRejected(RejectionReason.NOT_ENCRYPTED)
        _skip_body(file, header, size)
        if tag in _ENCRYPTED:
            return tag
        if tag not in _SESSION_KEYS:
            raise ArchiveRejected(RejectionReason.MALFORMED_OPENPGP)
    raise ArchiveRejected(RejectionReason.MALFORMED_OPENPGP, "More session keys than any honest message has.")


def _header(file: BinaryIO) -> int:
    header = _octet(file)
    if not header & 0x80:
        raise ArchiveRejected(RejectionReason.MALFORMED_OPENPGP)
    return header


def _skip_body(file: BinaryIO, header: int, size: int) -> None:
    if header & 0x40:
        _skip_new_format(file, size)
    elif _is_indeterminate(header):  # to the end of the file: beside compression, the obsolete SED packet only
        file.seek(size)
    else:
        _skip(file, int.from_bytes(_exactly(file, 1 << (header & 3)), "big"), size)


def _is_indeterminate(header: int) -> bool:
    return header & 0x43 == 3


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
