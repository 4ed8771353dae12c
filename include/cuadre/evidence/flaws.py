"""What may have been done to a journal, and how each of it is recognised and named. Reads records, no file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from cuadre.evidence.entry import GENESIS, Entry, Head, read_entry


class FlawKind(StrEnum):
    """What was done to a journal."""

    EDITED = "edited"
    REMOVED = "removed"
    REORDERED = "reordered"
    DUPLICATED = "duplicated"
    FORKED = "forked"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong: the number of the record, and the line of the file where there is one."""

    kind: FlawKind
    seq: int
    line: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Witness:
    """A record that something outside of the journal remembers, and what that is."""

    head: Head
    name: str


@dataclass(frozen=True, slots=True)
class _Placed:
    line: int
    entry: Entry

    @property
    def seq(self) -> int:
        return self.entry.seq


def find_flaws(lines: Iterable[tuple[int, bytes]], witnesses: Sequence[Witness]) -> tuple[Flaw, ...]:
    """All that is wrong with the finished lines of a journal, by record; all records are held in memory at once."""
    placed, edited = _read(lines)
    flaws = list(edited)
    chain, doubles = _without_doubles(placed)
    flaws += doubles
    flaws += _moved(chain)
    flaws += _removed(chain, edited)
    flaws += _rewritten(chain, placed)
    flaws += _forgotten(placed, witnesses, named={flaw.seq for flaw in flaws})
    return tuple(sorted(flaws, key=lambda flaw: (flaw.seq, flaw.line or 0)))


def _read(lines: Iterable[tuple[int, bytes]]) -> tuple[list[_Placed], list[Flaw]]:
    """Records whose own hash holds, and flaws for the others, which are numbered by their place."""
    placed: list[_Placed] = []
    edited: list[Flaw] = []
    seq = 0
    for line, text in lines:
        entry = read_entry(text)
        if entry is not None and entry.intact and entry.seq > 0:
            seq = entry.seq
            placed.append(_Placed(line, entry))
            continue
        seq += 1
        what = "is no record of a journal" if entry is None else "was edited: its hash is not that of what it says"
        edited.append(Flaw(FlawKind.EDITED, seq, line, f"Line {line}, where record {seq} should be, {what}."))
    return placed, edited


def _without_doubles(placed: list[_Placed]) -> tuple[list[_Placed], list[Flaw]]:
    """The first record of each number, and flaws for the others: the same one again, or another one."""
    first: dict[int, _Placed] = {}
    flaws: list[Flaw] = []
    for each in placed:
        before = first.setdefault(each.seq, each)
        if before is each:
            continue
        if before.entry.hash == each.entry.hash:
            kind, sentence = FlawKind.DUPLICATED, f"Line {each.line} repeats record {each.seq} of line {before.line}."
        else:
            kind = FlawKind.FORKED
            sentence = f"Lines {before.line} and {each.line} both are record {each.seq}: the journal forks there."
        flaws.append(Flaw(kind, each.seq, each.line, sentence))
    return list(first.values()), flaws


def _moved(chain: list[_Placed]) -> list[Flaw]:
    """Flaws for the fewest records that would have to be moved for the numbers to rise again."""
    tails: list[int] = []  # tails[n]: the smallest number that a rising run of n + 1 records ends with
    length = []
    for each in chain:
        at = bisect_left(tails, each.seq)
        tails[at : at + 1] = [each.seq]
        length.append(at)
    wanted, flaws = len(tails) - 1, []
    for each, at in zip(reversed(chain), reversed(length), strict=True):
        if at == wanted:
            wanted -= 1
        else:
            sentence = f"Record {each.seq} is out of order: it stands in line {each.line}."
            flaws.append(Flaw(FlawKind.REORDERED, each.seq, each.line, sentence))
    return flaws


def _removed(chain: list[_Placed], edited: list[Flaw]) -> list[Flaw]:
    there = sorted({0, *(each.seq for each in chain), *(flaw.seq for flaw in edited)})
    return [
        Flaw(
            FlawKind.REMOVED,
            low + 1,
            None,
            f"Record {low + 1} was removed." if high - low == 2 else f"Records {low + 1} to {high - 1} were removed.",
        )
        for low, high in pairwise(there)
        if high - low > 1
    ]


def _rewritten(chain: list[_Placed], placed: list[_Placed]) -> list[Flaw]:
    """Flaws for records whose own hash holds and which nevertheless are not those the next was written after."""
    hashes = {(0, GENESIS), *((each.seq, each.entry.hash) for each in placed)}
    seqs = {seq for seq, _ in hashes}
    return [
        Flaw(
            FlawKind.EDITED,
            each.seq,
            each.line,
            f"Record {each.seq} in line {each.line} does not follow from record {each.seq - 1}: one of the two was "
            "edited, and its hash made anew.",
        )
        for each in chain
        if each.seq - 1 in seqs and (each.seq - 1, each.entry.previous) not in hashes
    ]


def _forgotten(placed: list[_Placed], witnesses: Sequence[Witness], named: set[int]) -> list[Flaw]:
    """Flaws for records that others remember and the journal does not, unless they are named already."""
    hashes = {Head(0, GENESIS), *(Head(each.seq, each.entry.hash) for each in placed)}
    newest = max(head.seq for head in hashes)
    flaws = []
    for witness in witnesses:
        seq = witness.head.seq
        if witness.head in hashes or seq in named:
            continue
        if seq > newest:
            kind, sentence = (
                FlawKind.CUT,
                f"The journal ends with record {newest}; {witness.name} saw record {seq}.",
            )
        else:
            kind, sentence = FlawKind.EDITED, f"Record {seq} is not the one that {witness.name} saw."
        flaws.append(Flaw(kind, seq, None, sentence))
    return flaws
