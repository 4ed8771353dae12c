"""A table of ZIPs nobody should open: each is built byte by byte, and has the one code it must be refused with."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, replace

from cuadre.model.codes import RejectionReason as Reason
from tests.fixtures.openpgp import MEMBER, csv_text, zipped

TEXT = csv_text().encode()


@dataclass(frozen=True)
class Entry:
    """One member as its records are to describe it; `central` changes what the directory says."""

    name: bytes = MEMBER.encode()
    content: bytes = TEXT
    flags: int = 0
    method: int = 8
    crc: int | None = None
    size: int | None = None
    attributes: int = 0o100644 << 16
    made_by: int = 3 << 8
    descriptor: str = ""
    zip64: bool = False

    @property
    def data(self) -> bytes:
        if self.method == 0:
            return self.content
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(self.content) + packer.flush()

    @property
    def facts(self) -> tuple[int, int, int]:
        crc = zlib.crc32(self.content) if self.crc is None else self.crc
        return crc, len(self.data), len(self.content) if self.size is None else self.size

    def local(self) -> bytes:
        crc, packed, size = (0, 0, 0) if self.descriptor else self.facts
        extra = b""
        if self.zip64:
            extra = struct.pack("<2H2Q", 1, 16, size, packed)
            packed = size = 0xFFFFFFFF
        head = (20, self.flags, self.method, 0, 0, crc, packed, size, len(self.name), len(extra))
        crc, packed, size = self.facts
        wide = "<I2Q" if self.zip64 else "<3I"
        tail = {"": b"", "bare": struct.pack(wide, crc, packed, size)}
        tail["marked"] = b"PK\x07\x08" + tail["bare"]
        return b"PK\x03\x04" + struct.pack("<5H3I2H", *head) + self.name + extra + self.data + tail[self.descriptor]

    def central(self, offset: int) -> bytes:
        crc, packed, size = self.facts
        extra = b""
        if self.zip64:
            extra = struct.pack("<2H3Q", 1, 24, size, packed, offset)
            packed = size = offset = 0xFFFFFFFF
        head = (self.made_by | 20, 20, self.flags, self.method, 0, 0, crc, packed, size, len(self.name), len(extra))
        fixed = struct.pack("<6H3I5H2I", *head, 0, 0, 0, self.attributes, offset)
        return b"PK\x01\x02" + fixed + self.name + extra


def built(*entries: Entry, listed: tuple[Entry, ...] | None = None, offsets: tuple[int, ...] = (), **end: int) -> bytes:
    """A ZIP of `entries` whose directory lists `listed` at `offsets`."""
    body, places = b"", []
    for entry in entries:
        places.append(len(body))
        body += entry.local()
    listed = entries if listed is None else listed
    directory = b"".join(e.central(o) for e, o in zip(listed, offsets or places, strict=True))
    start, count = end.get("start", len(body)), end.get("count", len(listed))
    wide = b""
    if any(entry.zip64 for entry in entries):
        wide = b"PK\x06\x06" + struct.pack("<Q2H2I4Q", 44, 45, 45, 0, 0, count, count, len(directory), start)
        wide += b"PK\x06\x07" + struct.pack("<IQI", 0, len(body) + len(directory), 1)
        start = 0xFFFFFFFF
    tail = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, count, count, len(directory), start, 0)
    return body + directory + wide + tail


def _bomb() -> bytes:
    return built(Entry(content=TEXT[:400] + b"0" * (8 << 20)))


def _ordinary(mode: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", mode) as archive:
        archive.writestr(MEMBER, TEXT)
    return file.getvalue()


ONE = Entry()
GOOD_ZIPS = {
    "deflated": built(ONE),
    "stored": built(Entry(method=0)),
    "by Python, deflated": _ordinary(zipfile.ZIP_DEFLATED),
    "with a data descriptor": built(Entry(descriptor="marked", flags=8)),
    "with a data descriptor without mark": built(Entry(descriptor="bare", flags=8)),
    "ZIP64": built(Entry(zip64=True)),
    "ZIP64 with a data descriptor": built(Entry(zip64=True, descriptor="marked", flags=8)),
    "with a comment": zipped(TEXT)[:-2] + b"\x05\x00hello",
}
_UNSAFE, _MALFORMED, _UNEXPECTED = Reason.ARCHIVE_UNSAFE, Reason.ARCHIVE_MALFORMED, Reason.MEMBER_UNEXPECTED
BAD_ZIPS: dict[str, tuple[bytes, Reason]] = {
    "a name that climbs": (built(Entry(name=b"../" + ONE.name)), _UNSAFE),
    "an absolute name": (built(Entry(name=b"/etc/" + ONE.name)), _UNSAFE),
    "a Windows drive": (built(Entry(name=b"C:" + ONE.name)), _UNSAFE),
    "a Windows path": (built(Entry(name=b"a\\" + ONE.name)), _UNSAFE),
    "a Windows device": (built(Entry(name=b"con.csv")), _UNSAFE),
    "a name with a NUL": (built(Entry(name=b"a.csv\0.txt")), _UNSAFE),
    "a name that is not UTF-8": (built(Entry(name=b"\xff.csv", flags=0x800)), _UNSAFE),
    "an empty name": (built(Entry(name=b"")), _UNSAFE),
    "a symbolic link": (built(Entry(attributes=0o120777 << 16)), _UNSAFE),
    "a folder": (built(Entry(attributes=0o040755 << 16 | 0x10)), _UNSAFE),
    "an encrypted member": (built(Entry(flags=1)), _UNSAFE),
    "a strongly encrypted member": (built(Entry(flags=0x41)), _UNSAFE),
    "the same name twice": (built(ONE, ONE), _UNSAFE),
    "the same name in another case": (built(ONE, Entry(name=ONE.name.upper())), _UNSAFE),
    "a second member that climbs": (built(ONE, Entry(name=b"../x")), _UNSAFE),
    "one member listed twice": (built(ONE, listed=(ONE, ONE), offsets=(0, 0)), _UNSAFE),
    "a member listed inside the other": (
        built(ONE, listed=(ONE, replace(ONE, name=b"b.csv")), offsets=(0, 40)),
        _UNSAFE,
    ),
    "a directory with another name": (built(ONE, listed=(replace(ONE, name=b"b.csv"),), offsets=(0,)), _UNSAFE),
    "a directory with another size": (built(ONE, listed=(replace(ONE, size=1),), offsets=(0,)), _UNSAFE),
    "a directory with another checksum": (built(ONE, listed=(replace(ONE, crc=1),), offsets=(0,)), _UNSAFE),
    "a directory with another offset": (built(ONE, offsets=(5,)), _UNSAFE),
    "an end that counts two": (built(ONE, count=2), _UNSAFE),
    "an end that points elsewhere": (built(ONE, start=7), _UNSAFE),
    "two ends": (built(ONE)[:-2] + b"\x16\x00" + built(ONE)[-22:], _UNSAFE),
    "a bomb by ratio": (_bomb(), _UNSAFE),
    "a wrong checksum": (built(Entry(crc=7)), _MALFORMED),
    "a wrong size": (built(Entry(size=7)), _MALFORMED),
    "a wrong checksum in the descriptor": (built(Entry(crc=7, descriptor="marked", flags=8)), _MALFORMED),
    "something before it": (b"#!/bin/sh\n" + built(ONE), _MALFORMED),
    "something behind it": (built(ONE) + b"\0", _MALFORMED),
    "something between member and directory": (
        ONE.local() + b"hidden" + built(ONE)[len(ONE.local()) :],
        _MALFORMED,
    ),
    "no directory": (ONE.local(), _MALFORMED),
    "cut in its directory": (built(ONE)[:-30], _MALFORMED),
    "cut in its member": (built(ONE)[:120], _MALFORMED),
    "an unknown method": (built(Entry(method=14)), _MALFORMED),
    "broken deflate": (ONE.local()[: 30 + len(MEMBER)] + b"\xff" * 200, _MALFORMED),
    "not a ZIP": (TEXT, _MALFORMED),
    "two members": (built(ONE, Entry(name=b"notes.txt")), _UNEXPECTED),
    "no member": (built(), _UNEXPECTED),
    "a member of another name": (built(Entry(name=MEMBER.replace("0304", "0305").encode())), _UNEXPECTED),
    "a member that is no CSV": (built(Entry(name=b"settlement.exe")), _UNEXPECTED),
}
