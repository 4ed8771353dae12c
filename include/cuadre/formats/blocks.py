"""A member's bytes cut into its three zones: header records, body blocks of whole records, trailers.

Where a block ends depends on the bytes only, not on how they arrive, so the Parquet files come out the same each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cuadre.formats.layout import malformed
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected

BLOCK_BYTES = 16 << 20
_LONGEST_HEAD = 1 << 16
_LONGEST_TRAILERS = 1 << 16


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records, each with its line end. `first` is the number of its first body record, `records` their count."""

    index: int
    first: int
    records: int
    data: bytes


class Cutter:
    """Cuts a stream of `chunks`. Read `head` first, then iterate `blocks`; `trailers` is there after the last block."""

    def __init__(self, chunks: Iterator[bytes], trailer_mark: bytes, block_bytes: int = BLOCK_BYTES) -> None:
        self.trailers = b""
        self._chunks = chunks
        self._mark = trailer_mark
        self._block_bytes = block_bytes
        self._buffer = bytearray()
        self._ended = False

    def head(self) -> tuple[bytes, bytes]:
        """The first two records: header and column names, without their line ends.

        Raises:
            ArchiveRejected: LAYOUT_UNKNOWN, when there are no two.
        """
        self._fill(_LONGEST_HEAD)
        first = self._buffer.find(b"\n")
        second = self._buffer.find(b"\n", first + 1, _LONGEST_HEAD)
        if first < 0 or second < 0:
            raise ArchiveRejected(Reason.LAYOUT_UNKNOWN, "The file does not begin with a header and a column record.")
        header, columns = bytes(self._buffer[:first]), bytes(self._buffer[first + 1 : second])
        del self._buffer[: second + 1]
        return header.removesuffix(b"\r"), columns.removesuffix(b"\r")

    def blocks(self) -> Iterator[Block]:
        """Body records in order, without trailers; nothing when the body is empty.

        Raises:
            ArchiveRejected: LINES_MALFORMED, when a record is longer than a block, or the last one is cut off.
        """
        index, first = 0, 1
        for piece, is_last in self._pieces():
            data = self._without_trailers(piece) if is_last else piece
            if data:
                block = Block(index, first, data.count(b"\n"), data)
                if not data.endswith(b"\n"):
                    raise malformed(first + block.records, "the file ends inside it.")
                index, first = index + 1, first + block.records
                yield block

    def _pieces(self) -> Iterator[tuple[bytes, bool]]:
        """Whole records of up to a block; the cut looks so far ahead that the last piece holds all of the trailers."""
        ahead = self._block_bytes + _LONGEST_TRAILERS
        self._fill(ahead)
        while not (self._ended and len(self._buffer) <= ahead):
            end = self._buffer.rfind(b"\n", 0, self._block_bytes) + 1
            if end == 0:
                raise ArchiveRejected(Reason.LINES_MALFORMED, "A record has no end.")
            with memoryview(self._buffer) as view:
                piece = bytes(view[:end])
            del self._buffer[:end]
            yield piece, False
            self._fill(ahead)
        piece = bytes(self._buffer)
        self._buffer.clear()
        yield piece, True

    def _without_trailers(self, piece: bytes) -> bytes:
        if piece.startswith(self._mark):
            start = 0
        else:
            start = piece.find(b"\n" + self._mark, max(0, len(piece) - _LONGEST_TRAILERS)) + 1
            if start == 0:
                return piece
        self.trailers = piece[start:]
        return piece[:start]

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size + 1 and not self._ended:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
            else:
                self._buffer += chunk
