"""A member's bytes cut into its three zones: header records, body blocks of whole records, trailers.

Where a block ends depends on the bytes only, not on how they arrive, so the Parquet files come out the same each time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cuadre.formats.layout import malformed
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected

BLOCK_BYTES = 4 << 20
"""Large enough that a call is worth it, small enough that its memory is used again and not asked for anew."""

_LONGEST_HEAD = 1 << 16
_LONGEST_TRAILERS = 1 << 16
_LINE_END = ord("\n")
_COUNT_STEP = 1 << 18


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
        self._waiting: deque[bytes] = deque()
        self._start = 0  # in the first of them
        self._size = 0
        self._ended = False

    def head(self) -> tuple[bytes, bytes]:
        """The first two records: header and column names, without their line ends.

        Raises:
            ArchiveRejected: LAYOUT_UNKNOWN, when there are no two.
        """
        records = self._peek(_LONGEST_HEAD).split(b"\n", 2)
        if len(records) < 3:
            raise ArchiveRejected(Reason.LAYOUT_UNKNOWN, "The file does not begin with a header and a column record.")
        self._skip(len(records[0]) + len(records[1]) + 2)
        return records[0].removesuffix(b"\r"), records[1].removesuffix(b"\r")

    def blocks(self) -> Iterator[Block]:
        """Body records in order, without trailers; nothing when the body is empty.

        Raises:
            ArchiveRejected: LINES_MALFORMED, when a record is longer than a block, or the last one is cut off.
        """
        index, first = 0, 1
        for piece, is_last in self._pieces():
            data = self._without_trailers(piece) if is_last else piece
            if data:
                block = Block(index, first, count_line_ends(data), data)
                if not data.endswith(b"\n"):
                    raise malformed(first + block.records, "the file ends inside it.")
                index, first = index + 1, first + block.records
                yield block

    def _pieces(self) -> Iterator[tuple[bytes, bool]]:
        """Whole records of up to a block; the cut looks so far ahead that the last piece holds all of the trailers."""
        ahead = self._block_bytes + _LONGEST_TRAILERS
        self._fill(ahead + 1)
        while self._size > ahead:
            end = self._end_of_records(self._block_bytes)
            if end == 0:
                raise ArchiveRejected(Reason.LINES_MALFORMED, "A record has no end.")
            yield self._take(end), False
            self._fill(ahead + 1)
        yield self._take(ahead), True

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
        """Have `size` bytes waiting, or all there are."""
        while self._size < size and not self._ended:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
            else:
                self._waiting.append(chunk)
                self._size += len(chunk)

    def _end_of_records(self, size: int) -> int:
        """How many of the next `size` bytes are whole records: seen before they are put together, to do that once."""
        end, seen, start = 0, 0, self._start
        for chunk in self._waiting:
            stop = min(len(chunk), start + size - seen)
            line_end = chunk.rfind(b"\n", start, stop)
            if line_end >= 0:
                end = seen + line_end + 1 - start
            seen, start = seen + stop - start, 0
            if seen == size:
                break
        return end

    def _take(self, size: int) -> bytes:
        """The next `size` bytes, or all there are."""
        taken = self._peek(size)
        self._skip(len(taken))
        return taken

    def _peek(self, size: int) -> bytes:
        self._fill(size)
        parts: list[memoryview] = []
        left, start = min(size, self._size), self._start
        for chunk in self._waiting:
            if not left:
                break
            parts.append(memoryview(chunk)[start : start + left])
            left, start = left - len(parts[-1]), 0
        return b"".join(parts)

    def _skip(self, size: int) -> None:
        self._size -= size
        self._start += size
        while self._waiting and self._start >= len(self._waiting[0]):
            self._start -= len(self._waiting.popleft())


def count_line_ends(data: bytes) -> int:
    """Number of line ends; by numpy, which is quicker on many of them and lets other threads run."""
    octets = np.frombuffer(data, np.uint8)
    steps = range(0, len(octets), _COUNT_STEP)
    return sum(int(np.count_nonzero(octets[start : start + _COUNT_STEP] == _LINE_END)) for start in steps)
