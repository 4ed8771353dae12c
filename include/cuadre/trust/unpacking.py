"""A ZIP of exactly one member, unpacked from a stream that is read once, forwards.

The local header is believed while unpacking, then the central directory that follows must say exactly the same, at
exactly the offsets there were: two readers that each trust another one of the two must see the same file. Nothing may
stand before, between or behind. Bytes handed out before the end was reached belong in quarantine.
Source: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5. Directory records are read in `directory.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isal import igzip_lib, isal_zlib

from cuadre.config.source import Limits
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected
from cuadre.trust.directory import (
    CENTRAL_MAGIC,
    DEFLATED,
    END_MAGIC,
    LOCAL_BYTES,
    LOCAL_MAGIC,
    Member,
    check_descriptor,
    check_directory,
    check_entry_name,
    read_local,
)

_CHUNK = 1 << 20
_READ = 1 << 20
_LONGEST_TAIL = 1 << 18
_RATIO_FROM = 1 << 20


class Unpacking:
    """One member being unpacked. `name` is known at once; iterate `chunks` to the end to have everything checked.

    Raises:
        ArchiveRejected: ARCHIVE_UNSAFE, ARCHIVE_MALFORMED, MEMBER_UNEXPECTED or TRUNCATED.
    """

    def __init__(self, read: Callable[[int], bytes], limits: Limits) -> None:
        self._read = read
        self._limits = limits
        self._waiting = b""
        self._position = 0
        self._member = self._open()

    @property
    def name(self) -> str:
        """The member's name, already known to be a plain file name."""
        return self._member.name

    def chunks(self) -> Iterator[bytes]:
        """The member's bytes; after the last of them checksum, sizes, directory and the end of the file are checked."""
        start = self._position
        crc = size = 0
        for chunk in self._inflated() if self._member.method == DEFLATED else self._stored():
            crc = isal_zlib.crc32(chunk, crc)
            size += len(chunk)
            self._check_bounds(size, self._position - start)
            yield chunk
        packed = self._position - start
        tail = self._tail()
        rest = check_descriptor(self._member, tail, crc, packed, size)
        self._refuse_further_members(rest)
        check_directory(self._member, rest, self._position + len(tail) - len(rest), crc, packed, size)

    def _open(self) -> Member:
        head = self._exactly(4)
        if head == END_MAGIC:
            raise ArchiveRejected(Reason.MEMBER_UNEXPECTED, "The ZIP is empty.")
        if head != LOCAL_MAGIC:
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The content is not a ZIP, or something stands before it.")
        fixed = self._exactly(LOCAL_BYTES - 4)
        lengths = int.from_bytes(fixed[22:24], "little"), int.from_bytes(fixed[24:26], "little")
        member = read_local(fixed, self._exactly(lengths[0]), self._exactly(lengths[1]))
        if member.size is not None:
            self._check_bounds(member.size, member.packed or 0)
        return member

    def _inflated(self) -> Iterator[bytes]:
        inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
        ended = False
        while not ended:
            data = self._some() if inflater.needs_input else b""
            chunk = _inflate(inflater, data)
            ended = inflater.eof
            self._waiting = inflater.unused_data if ended else b""
            self._position += len(data) - len(self._waiting)
            if chunk:
                yield chunk

    def _stored(self) -> Iterator[bytes]:
        left = self._member.packed or 0
        while left:
            data = self._some()
            chunk, self._waiting = data[:left], data[left:]
            left -= len(chunk)
            self._position += len(chunk)
            yield chunk

    def _check_bounds(self, size: int, packed: int) -> None:
        if size > self._limits.max_plaintext_bytes:
            raise ArchiveRejected(
                Reason.ARCHIVE_UNSAFE, f"It unpacks to more than the allowed {self._limits.max_plaintext_bytes} bytes."
            )
        if size > _RATIO_FROM and size > packed * self._limits.max_ratio:
            raise ArchiveRejected(
                Reason.ARCHIVE_UNSAFE, f"It unpacks to more than {self._limits.max_ratio} times its size."
            )

    def _refuse_further_members(self, rest: bytes) -> None:
        if rest.startswith(LOCAL_MAGIC):
            self._waiting = rest[4:]
            fixed = self._exactly(LOCAL_BYTES - 4)
            name = self._exactly(int.from_bytes(fixed[22:24], "little"))
            check_entry_name(name, int.from_bytes(fixed[2:4], "little"), taken=self.name)
            raise ArchiveRejected(Reason.MEMBER_UNEXPECTED, "The ZIP holds more than one member.")
        if not rest.startswith(CENTRAL_MAGIC):
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The ZIP's directory does not follow its member.")

    def _tail(self) -> bytes:
        """Everything behind the member: descriptor and directory; small, or it is not what it says."""
        parts, total = [], 0
        while total <= _LONGEST_TAIL and (data := self._take()):
            parts.append(data)
            total += len(data)
        return b"".join(parts)

    def _exactly(self, count: int) -> bytes:
        while len(self._waiting) < count:
            data = self._read(_READ)
            if not data:
                raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The ZIP ends early, inside what was signed.")
            self._waiting += data
        data, self._waiting = self._waiting[:count], self._waiting[count:]
        self._position += count
        return data

    def _some(self) -> bytes:
        data = self._take()
        if not data:
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The ZIP ends early, inside what was signed.")
        return data

    def _take(self) -> bytes:
        data, self._waiting = self._waiting, b""
        return data or self._read(_READ)


def _inflate(inflater: igzip_lib.IgzipDecompressor, data: bytes) -> bytes:
    try:
        return bytes(inflater.decompress(data, _CHUNK))
    except igzip_lib.error:  # type: ignore[misc]  # its stub does not know that this is an exception
        raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The member does not inflate.") from None
