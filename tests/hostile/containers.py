"""A table of contents for sources whose container is a gzip or the plain file: which are opened, which are refused."""

from __future__ import annotations

import gzip
import struct
import zlib

from cuadre.model.codes import RejectionReason as Reason
from tests.fixtures.openpgp import csv_text, zipped

TEXT = csv_text().encode()
_MALFORMED, _UNEXPECTED, _UNSAFE = Reason.ARCHIVE_MALFORMED, Reason.MEMBER_UNEXPECTED, Reason.ARCHIVE_UNSAFE


def built(
    text: bytes = TEXT, *, flags: int = 0, fields: bytes = b"", method: int = 8, crc: int | None = None, size: int = -1
) -> bytes:
    """A gzip of `text` with the header's optional `fields` and with what its trailer says."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = b"\x1f\x8b" + bytes([method, flags]) + b"\0\0\0\0\0\3" + fields
    said = zlib.crc32(text) if crc is None else crc, len(text) if size < 0 else size
    return head + packer.compress(text) + packer.flush() + struct.pack("<2I", *said)


def _with_header_checksum(right: bool) -> bytes:
    head = b"\x1f\x8b\x08\x02\0\0\0\0\0\3"
    checksum = (zlib.crc32(head) & 0xFFFF) ^ (0 if right else 1)
    return built(flags=2, fields=struct.pack("<H", checksum))


GOOD_CONTENTS: dict[str, tuple[str, bytes]] = {
    "plain: a file": ("plain", TEXT),
    "gzip: by Python": ("gzip", gzip.compress(TEXT)),
    "gzip: with a name that climbs, which nobody uses": ("gzip", built(flags=8, fields=b"../../etc/passwd\0")),
    "gzip: with every optional field": ("gzip", built(flags=4 | 8 | 16, fields=b"\3\0abcname\0comment\0")),
    "gzip: with a checksum of its header": ("gzip", _with_header_checksum(right=True)),
}
BAD_CONTENTS: dict[str, tuple[str, bytes, Reason]] = {
    "gzip: two members": ("gzip", built() * 2, _UNEXPECTED),
    "gzip: a byte behind it": ("gzip", built() + b"\0", _MALFORMED),
    "gzip: something before it": ("gzip", b"\0" + built(), _MALFORMED),
    "gzip: another checksum": ("gzip", built(crc=7), _MALFORMED),
    "gzip: another size": ("gzip", built(size=7), _MALFORMED),
    "gzip: another checksum of its header": ("gzip", _with_header_checksum(right=False), _MALFORMED),
    "gzip: another method": ("gzip", built(method=9), _MALFORMED),
    "gzip: a flag nobody knows": ("gzip", built(flags=0x20), _MALFORMED),
    "gzip: a name without an end": ("gzip", built(flags=8, fields=b"a" * 5000), _MALFORMED),
    "gzip: broken deflate": ("gzip", built()[:10] + b"\xff" * 100, _MALFORMED),
    "gzip: cut in its head": ("gzip", built()[:6], _MALFORMED),
    "gzip: cut in its stream": ("gzip", built()[:60], _MALFORMED),
    "gzip: cut in its trailer": ("gzip", built()[:-1], _MALFORMED),
    "gzip: a bomb by ratio": ("gzip", built(TEXT[:400] + b"0" * (8 << 20)), _UNSAFE),
    "gzip: a ZIP": ("gzip", zipped(TEXT), _MALFORMED),
    "gzip: the plain file": ("gzip", TEXT, _MALFORMED),
    "gzip: nothing": ("gzip", b"", _MALFORMED),
    "plain: a ZIP": ("plain", zipped(TEXT), Reason.LAYOUT_UNKNOWN),
    "plain: a gzip": ("plain", built(), Reason.LAYOUT_UNKNOWN),
    "plain: nothing": ("plain", b"", Reason.LAYOUT_UNKNOWN),
    "ZIP: a gzip": ("zip", built(), _MALFORMED),
    "ZIP: the plain file": ("zip", TEXT, _MALFORMED),
}
