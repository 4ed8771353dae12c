"""Checks on a block's bytes before anything parses them: no control characters, no tricks with quotes, valid UTF-8.

What a terminal or a reader obeys instead of showing it has no business in a settlement file.
"""

from __future__ import annotations

import codecs
import re

import numpy as np

from cuadre.formats.blocks import Block, count_line_ends
from cuadre.formats.layout import malformed

_UTF8_STEP = 1 << 20
_FIRST_SHOWN = 0x20
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTROL_BEYOND_ASCII = re.compile("[\x80-\x9f\u2028-\u202e\u2066-\u2069]")
"""Of the second set, line ends of its own and what turns the direction of writing."""
_RETURN, _FEED, _QUOTE = b'\r\n"'
_BESIDE_QUOTES = np.frombuffer(b',\r\n"', np.uint8)


def check_octets(block: Block) -> None:
    """Refuse bytes that two readers may read in two ways.

    Raises:
        ArchiveRejected: LINES_MALFORMED with the number of the record.
    """
    _check_controls(block)
    if b"\r" in block.data:
        _check_line_ends(block)
    if b'"' in block.data:
        _check_quotes(block)
    if not block.data.isascii():
        _check_utf8(block)


def _check_controls(block: Block) -> None:
    """Counted first, since looking for them takes forty times as long: mostly line ends are all there is."""
    low = np.count_nonzero(np.frombuffer(block.data, np.uint8) < _FIRST_SHOWN)
    if low == block.records and b"\x7f" not in block.data:
        return
    if found := _CONTROL.search(block.data):
        raise malformed(_record(block, found.start()), "it holds a control character.")


def _check_line_ends(block: Block) -> None:
    """A carriage return ends a record, and only together with a line feed; to some readers it does so alone."""
    octets = np.frombuffer(block.data, np.uint8)
    returns = np.flatnonzero(octets == _RETURN)  # never the last byte, which is a line feed
    alone = octets[returns + 1] != _FEED
    if alone.any():
        at = int(returns[int(alone.argmax())])
        raise malformed(_record(block, at), "a carriage return stands alone in it.")


def _check_quotes(block: Block) -> None:
    """A single quote opens or closes a field or is doubled; with plain text on both sides it is neither."""
    octets = np.frombuffer(b"\n" + block.data + b"\n", np.uint8)
    quotes = np.flatnonzero(octets == _QUOTE)
    plain = ~np.isin(octets[quotes - 1], _BESIDE_QUOTES) & ~np.isin(octets[quotes + 1], _BESIDE_QUOTES)
    if plain.any():
        at = int(quotes[int(plain.argmax())]) - 1
        raise malformed(_record(block, at), "a quote stands inside a field.")


def _check_utf8(block: Block) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(block.data), _UTF8_STEP):
        try:
            text = decoder.decode(block.data[start : start + _UTF8_STEP], start + _UTF8_STEP >= len(block.data))
        except UnicodeDecodeError as error:
            raise malformed(_record(block, start + error.start), "it is not valid UTF-8.") from None
        if found := _CONTROL_BEYOND_ASCII.search(text):
            at = block.data.index(found[0].encode())
            raise malformed(_record(block, at), "it holds a control character.")


def _record(block: Block, at: int) -> int:
    """Number of the body record that byte `at` of the block belongs to."""
    return block.first + count_line_ends(block.data[:at])
