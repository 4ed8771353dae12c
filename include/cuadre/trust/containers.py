"""What the content of a message may be: a ZIP of one member, one gzip stream, or the plain file itself.

Gzip and plain content name no file that is believed: their member is called as the archive is. Bytes handed out before
the end was reached belong in quarantine. The ZIP is read in `unpacking`.
Source: RFC 1952 (gzip).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from isal import isal_zlib

from cuadre.config.source import Limits, Source
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected
from cuadre.trust.intake import Intake
from cuadre.trust.unpacking import Unpacking

_MAGIC = b"\x1f\x8b"
_DEFLATE = 8
_HEADER_CHECKSUM, _EXTRA, _NAME, _COMMENT, _RESERVED = 2, 4, 8, 16, 0xE0
_LONGEST_TEXT = 1024


class Container(Protocol):
    """One member being unpacked. `name` is known at once; iterate `chunks` to the end to have everything checked."""

    @property
    def name(self) -> str:
        """The member's name."""

    def chunks(self) -> Iterator[bytes]:
        """The member's bytes."""


def unpack(read: Callable[[int], bytes], source: Source, name: str) -> Container:
    """The container that `source` declares, read from `read`; `name` is the member's where the content has none.

    Raises:
        ArchiveRejected: ARCHIVE_UNSAFE, ARCHIVE_MALFORMED or MEMBER_UNEXPECTED; so do the `chunks`.
    """
    if source.container == "gzip":
        return Gzip(read, source.limits, name)
    if source.container == "plain":
        return Plain(read, source.limits, name)
    return Unpacking(read, source.limits)


class Plain:
    """The content is the member."""

    def __init__(self, read: Callable[[int], bytes], limits: Limits, name: str) -> None:
        self.name = name
        self._intake = Intake(read, limits)

    def chunks(self) -> Iterator[bytes]:
        """The member's bytes."""
        while data := self._intake.take():
            self._intake.position += len(data)
            self._intake.check_bounds(self._intake.position, self._intake.position)
            yield data


class Gzip:
    """One gzip member that ends where the content ends."""

    def __init__(self, read: Callable[[int], bytes], limits: Limits, name: str) -> None:
        self.name = name
        self._intake = Intake(read, limits)
        self._read_header()

    def chunks(self) -> Iterator[bytes]:
        """The member's bytes; after the last of them checksum, size and the end of the content are checked."""
        start = self._intake.position
        crc = size = 0
        for chunk in self._intake.inflated():
            crc = isal_zlib.crc32(chunk, crc)
            size += len(chunk)
            self._intake.check_bounds(size, self._intake.position - start)
            yield chunk
        trailer = self._intake.exactly(8)
        if (crc, size % 2**32) != (int.from_bytes(trailer[:4], "little"), int.from_bytes(trailer[4:], "little")):
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The gzip's checksum or size is another one.")
        behind = self._intake.take()
        if behind.startswith(_MAGIC[:1]):
            raise ArchiveRejected(Reason.MEMBER_UNEXPECTED, "The gzip holds more than one member.")
        if behind:
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "Something stands behind the gzip.")

    def _read_header(self) -> None:
        head = self._intake.exactly(10)
        if head[:2] != _MAGIC:
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The content is not a gzip, or something stands before it.")
        flags = head[3]
        if head[2] != _DEFLATE or flags & _RESERVED:
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The gzip is packed in a way that nobody knows.")
        if flags & _EXTRA:
            length = self._intake.exactly(2)
            head += length + self._intake.exactly(int.from_bytes(length, "little"))
        for flag in (_NAME, _COMMENT):
            head += self._text() if flags & flag else b""
        checksum = isal_zlib.crc32(head) & 0xFFFF
        if flags & _HEADER_CHECKSUM and int.from_bytes(self._intake.exactly(2), "little") != checksum:
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The checksum of the gzip's header is another one.")

    def _text(self) -> bytes:
        text = b""
        while not text.endswith(b"\0"):
            text += self._intake.exactly(1)
            if len(text) > _LONGEST_TEXT:
                raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "A text in the gzip's header does not end.")
        return text
