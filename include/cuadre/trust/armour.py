"""ASCII armour taken off by a strict reader: exactly one block, whole, and nothing but blank lines around it.

GnuPG reads on over what it does not know and takes several blocks for one input. Here a file is one block or it is
refused, so that the packets which come out are all there is. Nothing here proves anything about content.
Source: RFC 9580, section 6 (armour, its checksum in 6.1).
"""

from __future__ import annotations

import binascii
import re
from typing import BinaryIO

from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected
from cuadre.trust.crc24 import EMPTY, crc24

MESSAGE, SIGNATURE = "MESSAGE", "SIGNATURE"

_BEGIN = re.compile(rb"-----BEGIN PGP ([A-Z ,0-9/]+)-----")
_HEADER = re.compile(rb"[A-Za-z]+: [^\x00-\x08\x0e-\x1f]*")
_CHECKSUM = re.compile(rb"=([A-Za-z0-9+/]{4})[ \t]*\r?\n\s*")
_END_OF_BODY = re.compile(rb"[=-]")
_BLANK = b" \t\r\n"
_SIGNED_TEXT = b"SIGNED MESSAGE"
_LONGEST_LINE = 1000
_MOST_HEADERS = 32
_LOOK = 4096
_BLOCK = 3 << 18


def is_armoured(file: BinaryIO) -> bool:
    """Whether `file` opens, after blank lines, like an armoured block; the position is left at its begin."""
    file.seek(0)
    head = file.read(_LOOK).lstrip(_BLANK)
    file.seek(0)
    return head.startswith(b"-----BEGIN PGP ")


def take_off(file: BinaryIO, out: BinaryIO, kind: str) -> None:
    """Write the packets of the one block in `file`, of the `kind` MESSAGE or SIGNATURE, to `out`.

    Raises:
        ArchiveRejected: MALFORMED_OPENPGP, TRUNCATED, MULTIPLE_MESSAGES, or NOT_ENCRYPTED for a signed text.
    """
    _begin(file, kind)
    tail, checksum = _body(file, out)
    _end(tail, file, kind, checksum)


def _begin(file: BinaryIO, kind: str) -> None:
    line = _line(file)
    while not line:
        line = _line(file)
    found = _BEGIN.fullmatch(line)
    if found and found[1] == _SIGNED_TEXT:
        raise ArchiveRejected(Reason.NOT_ENCRYPTED, "It is a signed text, not an encrypted message.")
    if found is None or found[1] != kind.encode():
        raise _damaged(f"The armour is of another kind than a {kind.lower()}.")
    for _ in range(_MOST_HEADERS):
        line = _line(file)
        if not line:
            return
        if not _HEADER.fullmatch(line):
            raise _damaged("The armour's header lines do not end with a blank line.")
    raise _damaged("The armour has more header lines than any honest one.")


def _line(file: BinaryIO) -> bytes:
    line = file.readline(_LONGEST_LINE)
    if not line:
        raise _cut()
    if not line.endswith(b"\n"):
        raise _damaged("A line of the armour is too long.") if len(line) == _LONGEST_LINE else _cut()
    return line.rstrip(_BLANK)


def _body(file: BinaryIO, out: BinaryIO) -> tuple[bytes, int]:
    """Decode up to the padding, checksum or end line; what was read from there on, and the checksum of the packets."""
    waiting, checksum = b"", EMPTY
    while block := file.read(_BLOCK):
        end = _END_OF_BODY.search(block)
        symbols = waiting + block[: end.start() if end else len(block)].translate(None, _BLANK)
        tail = block[end.start() :] + file.read(_LOOK) if end else b""
        whole = len(symbols) // 4 * 4
        if end and whole < len(symbols):
            padding = b"=" * (whole + 4 - len(symbols))
            if not tail.startswith(padding):
                raise _cut() if len(tail) < _LOOK and b"-----END" not in tail else _damaged()
            tail = tail[len(padding) :].lstrip(_BLANK)
            symbols += padding
            whole = len(symbols)
        packets = _decoded(symbols[:whole])
        checksum = crc24(packets, checksum)
        out.write(packets)
        waiting = symbols[whole:]
        if end:
            return tail, checksum
    raise _cut()


def _decoded(symbols: bytes) -> bytes:
    try:
        return binascii.a2b_base64(symbols, strict_mode=True)
    except binascii.Error:
        raise _damaged() from None


def _end(tail: bytes, file: BinaryIO, kind: str, checksum: int) -> None:
    end = b"-----END PGP " + kind.encode() + b"-----"
    if said := _CHECKSUM.match(tail):
        if int.from_bytes(_decoded(said[1]), "big") != checksum:
            raise _damaged("The armour's checksum is another one.")
        tail = tail[said.end() :]
    if not tail.startswith(end):
        raise _cut() if end.startswith(tail.rstrip(_BLANK)) or b"-----END" not in tail else _damaged()
    rest = tail[len(end) :]
    while rest:
        if rest.strip(_BLANK):
            raise ArchiveRejected(Reason.MULTIPLE_MESSAGES)
        rest = file.read(_BLOCK)


def _damaged(detail: str = "The armour is damaged.") -> ArchiveRejected:
    return ArchiveRejected(Reason.MALFORMED_OPENPGP, detail)


def _cut() -> ArchiveRejected:
    return ArchiveRejected(Reason.TRUNCATED, "The armour ends early. Fetch it again.")
