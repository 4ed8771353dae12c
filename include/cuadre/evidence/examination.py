"""Reading a journal from its first record to its last, and naming everything that is wrong with it.

A journal that holds together is read in one go, in the same memory however long it is. Only one that does not is read
a second time, to say what was done to it. Nothing is repaired here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cuadre.evidence.entry import GENESIS, Head, read_entry
from cuadre.evidence.flaws import Flaw, Witness, find_flaws

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Examination:
    """`head` is the last record up to which the chain holds. `unfinished`: part of a line follows, left by a crash."""

    head: Head
    flaws: tuple[Flaw, ...]
    unfinished: bool


def examine(path: Path, witnesses: Sequence[Witness] = (), progress: Progress | None = None) -> Examination:
    """Everything that is wrong with the journal in `path`; one that is not there is empty.

    Args:
        path: The journal.
        witnesses: Records known from elsewhere, which must be in it: nothing else tells of a cut-off end.
        progress: Told how many bytes have been read.
    """
    wanted = {witness.head for witness in witnesses}
    head, found, holds = Head(0, GENESIS), {Head(0, GENESIS)}, True
    unfinished = False
    for _, line in _lines(path, progress):
        if not line.endswith(b"\n"):
            unfinished = True
            break
        entry = read_entry(line)
        if entry is None or not entry.intact or (entry.seq, entry.previous) != (head.seq + 1, head.hash):
            holds = False
            break
        head = Head(entry.seq, entry.hash)
        if head in wanted:
            found.add(head)
    if holds and wanted <= found:
        return Examination(head, (), unfinished)
    finished = (each for each in _lines(path, progress) if each[1].endswith(b"\n"))
    return Examination(head, find_flaws(finished, witnesses), unfinished)


def _lines(path: Path, progress: Progress | None) -> Iterator[tuple[int, bytes]]:
    """The lines of the file, numbered from 1."""
    if not path.exists():
        return
    read = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            yield number, line
            read += len(line)
            if progress is not None and number % 1000 == 0:
                progress(read)
