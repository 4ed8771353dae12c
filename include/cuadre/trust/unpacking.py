"""A ZIP of exactly one member, unpacked from a stream that is read once, forwards.

The local header is believed while unpacking, then the central directory that follows must say exactly the same, at
exactly the offsets there were: two readers that each trust another one of the two must see the same file. Nothing may
stand before, between or behind. Bytes handed out before the end was reached belong in quarantine.
Source: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5. Directory records are read in `directory.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isal import isal_zlib

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
from cuadre.trust.intake import Intake

_LONGEST_TAIL = 1 << 18


class Unpacking:
    """One member being unpacked. `name` is known at once; iterate `chunks` to the end to have everything checked.

    Raises:
        ArchiveRejected: ARCHIVE_UNSAFE, ARCHIVE_MALFORMED, MEMBER_UNEXPECTED or TRUNCATED.
    """

    def __init__(self, read: Callable[[int], bytes], limits: Limits) -> None:
        self._intake = Intake(read, limits)
        self._member = self._open()

    @property
    def name(self) -> str:
        """The member's name, already known to be a plain file name."""
        return self._member.name

    def chunks(self) -> Iterator[bytes]:
        """The member's bytes; after the last of them checksum, sizes, directory and the end of the file are checked."""
        start = self._intake.position
        crc = size = 0
        for chunk in self._intake.inflated() if self._member.method == DEFLATED else self._stored():
            crc = isal_zlib.crc32(chunk, crc)
            size += len(chunk)
            self._intake.check_bounds(size, self._intake.position - start)
            yield chunk
        packed = self._intake.position - start
        tail = self._tail()
        rest = check_descriptor(self._member, tail, crc, packed, size)
        self._refuse_further_members(rest)
        check_directory(self._member, rest, self._intake.position + len(tail) - len(rest), crc, packed, size)

    def _open(self) -> Member:
        head = self._intake.exactly(4)
        if head == END_MAGIC:
            raise ArchiveRejected(Reason.MEMBER_UNEXPECTED, "The ZIP is empty.")
        if head != LOCAL_MAGIC:
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The content is not a ZIP, or something stands before it.")
        fixed = self._intake.exactly(LOCAL_BYTES - 4)
        lengths = int.from_bytes(fixed[22:24], "little"), int.from_bytes(fixed[24:26], "little")
        member = read_local(fixed, self._intake.exactly(lengths[0]), self._intake.exactly(lengths[1]))
        if member.size is not None:
            self._intake.check_bounds(member.size, member.packed or 0)
        return member

    def _stored(self) -> Iterator[bytes]:
        left = self._member.packed or 0
        while left:
            data = self._intake.some()
            chunk = data[:left]
            self._intake.give_back(data[left:])
            left -= len(chunk)
            self._intake.position += len(chunk)
            yield chunk

    def _refuse_further_members(self, rest: bytes) -> None:
        if rest.startswith(LOCAL_MAGIC):
            self._intake.give_back(rest[4:])
            fixed = self._intake.exactly(LOCAL_BYTES - 4)
            name = self._intake.exactly(int.from_bytes(fixed[22:24], "little"))
            check_entry_name(name, int.from_bytes(fixed[2:4], "little"), taken=self.name)
            raise ArchiveRejected(Reason.MEMBER_UNEXPECTED, "The ZIP holds more than one member.")
        if not rest.startswith(CENTRAL_MAGIC):
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The ZIP's directory does not follow its member.")

    def _tail(self) -> bytes:
        """Everything behind the member: descriptor and directory; small, or it is not what it says."""
        parts, total = [], 0
        while total <= _LONGEST_TAIL and (data := self._intake.take()):
            parts.append(data)
            total += len(data)
        return b"".join(parts)
