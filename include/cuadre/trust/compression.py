"""OpenPGP's compressed packet without a length of its own: that nothing is hidden behind the end of its stream.

GnuPG stops reading where the stream ends and does not look at what follows. The content itself is left to gpg.
Source: RFC 9580, section 5.6.
"""

from __future__ import annotations

import bz2
import zlib
from typing import BinaryIO, Protocol

from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected

_BLOCK = 1 << 16
_CHUNK = 1 << 20


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def check_compressed_end(file: BinaryIO, limit: int) -> None:
    """Read the packet's body, from the number of its algorithm to the end of `file`; to `limit` bytes, not for ever.

    Raises:
        ArchiveRejected: MULTIPLE_MESSAGES for data behind its end, TRUNCATED without an end, ARCHIVE_UNSAFE beyond
            `limit`, MALFORMED_OPENPGP.
    """
    unpacker = _unpacker(file.read(1))
    waiting, total = b"", 0
    try:
        while not unpacker.eof:
            busy = waiting or not getattr(unpacker, "needs_input", True)
            data = waiting if busy else file.read(_BLOCK)
            made = unpacker.decompress(data, _CHUNK)
            total += len(made)
            if total > limit:
                raise ArchiveRejected(
                    Reason.ARCHIVE_UNSAFE, f"It unpacks to more than {limit} bytes: no ciphertext does."
                )
            if not (busy or data or made or unpacker.eof):
                raise ArchiveRejected(Reason.TRUNCATED)
            waiting = getattr(unpacker, "unconsumed_tail", b"")
    except (zlib.error, OSError):
        raise ArchiveRejected(Reason.MALFORMED_OPENPGP) from None
    if unpacker.unused_data or file.read(1):
        raise ArchiveRejected(Reason.MULTIPLE_MESSAGES)


def _unpacker(algorithm: bytes) -> _Unpacker:
    if algorithm in (b"\1", b"\2"):
        return zlib.decompressobj(-15 if algorithm == b"\1" else 15)
    if algorithm == b"\3":
        return bz2.BZ2Decompressor()
    raise ArchiveRejected(Reason.MALFORMED_OPENPGP)
