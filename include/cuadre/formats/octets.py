"""Checks on a block's bytes before anything parses them: no NUL, no tricks with quotes and line ends, valid UTF-8."""

from __future__ import annotations

import codecs

import numpy as np

from cuadre.formats.blocks import Block, count_line_ends
from cuadre.formats.layout import malformed

_UTF8_STEP = 1 << 20
_RETURN, _FEED, _QUOTE = b'\r\n"'
_BESIDE_QUOTES = np.frombuffer(b',\r\n"', np.uint8)


def check_octets(block: Block) -> None:
    """Refuse bytes that two readers may read in two ways.

    Raises:
        ArchiveRejected: LINES_MALFORMED with the number of the record.
    """
    nul = block.data.find(b"\0")
    if nul >= 0:
        raise malformed(_record(block, nul), "it holds a NUL byte.")
    if b"\r" in block.data:
        _check_line_ends(block)
    if b'"' in block.data:
        _check_quotes(block)
    if not block.data.isascii():
        _check_utf8(block)


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
            decoder.decode(block.data[start : start + _UTF8_STEP], start + _UTF8_STEP >= len(block.data))
        except UnicodeDecodeError as error:
            raise malformed(_record(block, start + error.start), "it is not valid UTF-8.") from None


def _record(block: Block, at: int) -> int:
    """Number of the body record that byte `at` of the block belongs to."""
    return block.first + count_line_ends(block.data[:at])
