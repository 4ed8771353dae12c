"""The records of a ZIP: local header, data descriptor, central directory and its end, with ZIP64; and safe names.

Every fact that stands in two places must be the same in both. What inflates and streams is in `unpacking.py`.
Source: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5.
"""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass

from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected

LOCAL_MAGIC, CENTRAL_MAGIC, END_MAGIC = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
LOCAL_BYTES = 30
STORED, DEFLATED = 0, 8
HAS_DESCRIPTOR = 0x0008

_DESCRIPTOR_MAGIC, _END64_MAGIC, _LOCATOR_MAGIC = b"PK\x07\x08", b"PK\x06\x06", b"PK\x06\x07"
_ENCRYPTED_FLAGS = 0x0001 | 0x0040 | 0x2000
_KNOWN_FLAGS = 0x0006 | HAS_DESCRIPTOR | 0x0800
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ZIP64 = 0x0001
_UNIX = 3
_DOS_DIRECTORY = 0x10
_FORBIDDEN = frozenset('/\\:*?"<>|')
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))})


@dataclass(frozen=True, slots=True)
class Member:
    """A local header. `packed`, `size` and `crc` are None where a data descriptor brings them later.

    `zip64` says that sizes are 64 bits wide there.
    """

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int | None
    packed: int | None
    size: int | None
    zip64: bool


def read_local(fixed: bytes, name: bytes, extra: bytes) -> Member:
    """A local header from its 26 fixed bytes behind the magic, its name and its extra fields."""
    _, flags, method, _, _, crc, packed, size, _, _ = struct.unpack("<5H3I2H", fixed)
    text = check_entry_name(name, flags)
    if flags & ~_KNOWN_FLAGS or method not in (STORED, DEFLATED):
        raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The member uses a method that the profile does not.")
    wide = _extra(extra).get(_ZIP64)
    if flags & HAS_DESCRIPTOR:
        if method == STORED:
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "A stored member does not say where it ends.")
        return Member(text, name, flags, method, None, None, None, wide is not None)
    if wide is not None:
        size, packed = _widen(wide, size, packed)
    return Member(text, name, flags, method, crc, packed, size, wide is not None)


def check_entry_name(name: bytes, flags: int, *, taken: str | None = None) -> str:
    """`name` as text when it is the plain name of an unencrypted file and not `taken`; ARCHIVE_UNSAFE otherwise."""
    if flags & _ENCRYPTED_FLAGS:
        raise ArchiveRejected(Reason.ARCHIVE_UNSAFE, "A member is encrypted inside the ZIP.")
    try:
        text = name.decode("utf-8" if flags & 0x0800 else "ascii")
    except UnicodeDecodeError:
        raise ArchiveRejected(Reason.ARCHIVE_UNSAFE, "A member's name is not readable text.") from None
    plain = text and text == text.strip(" .") and not set(text) & _FORBIDDEN and text.isprintable()
    if not plain or text.split(".")[0].lower() in _DEVICES:
        raise ArchiveRejected(Reason.ARCHIVE_UNSAFE, "A member's name is a path, or no plain file name.")
    if taken is not None and text.casefold() == taken.casefold():
        raise ArchiveRejected(Reason.ARCHIVE_UNSAFE, "Two members have the same name.")
    return text


def check_descriptor(member: Member, tail: bytes, crc: int, packed: int, size: int) -> bytes:
    """Hold what was counted against header or descriptor; what follows in `tail`."""
    if not member.flags & HAS_DESCRIPTOR:
        if (member.crc, member.packed, member.size) != (crc, packed, size):
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "Checksum or sizes of the member are wrong.")
        return tail
    sizes = struct.pack("<2Q" if member.zip64 else "<2I", packed, size) if _fits(member, packed, size) else b""
    facts = struct.pack("<I", crc) + sizes
    for descriptor in (_DESCRIPTOR_MAGIC + facts, facts):
        if sizes and tail.startswith(descriptor):
            return tail[len(descriptor) :]
    raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "Checksum or sizes of the member are wrong.")


def check_directory(member: Member, tail: bytes, offset: int, crc: int, packed: int, size: int) -> None:
    """Hold the central directory, which begins at `offset`, against the one member that was unpacked."""
    length = _check_entry(member, tail, crc, packed, size)
    rest = tail[length:]
    if rest.startswith(CENTRAL_MAGIC):
        raise ArchiveRejected(Reason.ARCHIVE_UNSAFE, "The directory lists a member that overlaps the one there is.")
    rest = _check_end64(rest, offset, length)
    if len(rest) < 22 or not rest.startswith(END_MAGIC):
        raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The ZIP's directory has no end.")
    disk, first_disk, here, total, bytes_, start, comment = struct.unpack("<4H2IH", rest[4:22])
    if (disk, first_disk, comment) != (0, 0, len(rest) - 22):
        raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "Something stands behind the end of the ZIP.")
    if END_MAGIC in rest[4:]:
        raise ArchiveRejected(Reason.ARCHIVE_UNSAFE, "The ZIP has two ends.")
    if any(
        said not in (true, full)
        for said, true, full in (
            (here, 1, _FULL16),
            (total, 1, _FULL16),
            (bytes_, length, _FULL32),
            (start, offset, _FULL32),
        )
    ):
        raise ArchiveRejected(Reason.ARCHIVE_UNSAFE, "The ZIP's directory is not where, or what, its end says.")


def _check_entry(member: Member, tail: bytes, crc: int, packed: int, size: int) -> int:
    """Check the one entry; its length in bytes."""
    names: int
    extras: int
    comments: int
    if len(tail) < 46:
        raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The ZIP's directory ends early.")
    fields = struct.unpack("<6H3I5H2I", tail[4:46])
    made_by, _, flags, method, _, _, said_crc, said_packed, said_size, names, extras, comments, disk, _ = fields[:14]
    attributes, start = fields[14:]
    length = 46 + names + extras + comments
    if len(tail) < length:
        raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The ZIP's directory ends early.")
    name = tail[46 : 46 + names]
    wide = _extra(tail[46 + names : 46 + names + extras]).get(_ZIP64)
    if wide is not None:
        said_size, said_packed, start = _widen(wide, said_size, said_packed, start)
    _check_kind(made_by, attributes)
    same = (name, flags, method) == (member.raw_name, member.flags, member.method)
    if not same or (said_crc, said_packed, said_size, start, disk) != (crc, packed, size, 0, 0):
        raise ArchiveRejected(Reason.ARCHIVE_UNSAFE, "The ZIP's directory describes another member than there is.")
    return length


def _check_kind(made_by: int, attributes: int) -> None:
    mode = attributes >> 16 if made_by >> 8 == _UNIX else 0
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or attributes & _DOS_DIRECTORY:
        raise ArchiveRejected(Reason.ARCHIVE_UNSAFE, "The member is a link, a folder or a device, not a file.")


def _check_end64(tail: bytes, offset: int, length: int) -> bytes:
    """Check the ZIP64 end of directory and its locator, when there are any; what follows."""
    if not tail.startswith(_END64_MAGIC):
        return tail
    if len(tail) < 76 or tail[56:60] != _LOCATOR_MAGIC:
        raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The ZIP's 64-bit directory end is damaged.")
    record, _, _, disk, first_disk, here, total, bytes_, start = struct.unpack("<Q2H2I4Q", tail[4:56])
    disk_of_end, end, disks = struct.unpack("<IQI", tail[60:76])
    said = (record, disk, first_disk, here, total, bytes_, start, disk_of_end, end, disks)
    if said != (44, 0, 0, 1, 1, length, offset, 0, offset + length, 1):
        raise ArchiveRejected(Reason.ARCHIVE_UNSAFE, "The ZIP's directory is not where, or what, its end says.")
    return tail[76:]


def _fits(member: Member, packed: int, size: int) -> bool:
    return member.zip64 or (packed <= _FULL32 and size <= _FULL32)


def _widen(wide: bytes, *values: int) -> tuple[int, ...]:
    """Replace every full 32-bit value by the next 64-bit one of the ZIP64 extra field."""
    result = []
    for value in values:
        if value == _FULL32:
            if len(wide) < 8:
                raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "A 64-bit size is missing.")
            value, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        result.append(value)
    return tuple(result)


def _extra(data: bytes) -> dict[int, bytes]:
    """Extra fields by id."""
    fields: dict[int, bytes] = {}
    while len(data) >= 4:
        kind, length = struct.unpack("<2H", data[:4])
        if kind in fields or len(data) < 4 + length:
            break
        fields[kind] = data[4 : 4 + length]
        data = data[4 + length :]
    if data:
        raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The extra fields of the member are damaged.")
    return fields
