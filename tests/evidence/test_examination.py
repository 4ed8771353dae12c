"""Whatever is done to a journal is found and named; only its end can go unseen, and that a witness remembers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuadre.evidence import Examination, FlawKind, Head, Journal, StepOutcome, Witness, examine
from cuadre.evidence.entry import read_entry, seal

RECORDS = 8
Lines = list[bytes]


@cache
def original() -> tuple[bytes, ...]:
    """The lines of a journal of `RECORDS` records."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        for number in range(RECORDS):
            moment = datetime(2026, 3, 5, 9, number, tzinfo=UTC)
            journal.append("admit", "shop", date(2026, 3, 4), StepOutcome.OK, {"number": number}, moment)
        return tuple(journal.path.read_bytes().splitlines(keepends=True))


def head_of(line: bytes) -> Head:
    entry = read_entry(line)
    assert entry is not None
    return Head(entry.seq, entry.hash)


def forged(after: Head, text: str) -> bytes:
    """A record with a hash of its own that holds."""
    return seal({"at": "2026-03-05T09:00:00+00:00", "record": {"text": text}}, after)[0]


def examined(lines: Lines, *witnesses: Witness) -> Examination:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(b"".join(lines))
        return examine(path, witnesses)


def edited(line: bytes) -> bytes:
    return line.replace(b'"shop"', b'"shed"')


def swapped(lines: Lines, one: int, other: int) -> Lines:
    changed = list(lines)
    changed[one], changed[other] = changed[other], changed[one]
    return changed


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda x: [*x[:3], edited(x[3]), *x[4:]], [(FlawKind.EDITED, 4, 4)]),
        (lambda x: [*x[:-1], edited(x[-1])], [(FlawKind.EDITED, 8, 8)]),
        (lambda x: [edited(line) for line in x[:2]] + x[2:], [(FlawKind.EDITED, 1, 1), (FlawKind.EDITED, 2, 2)]),
        (lambda x: [*x[:2], forged(head_of(x[1]), "other"), *x[3:]], [(FlawKind.EDITED, 4, 4)]),
        (lambda x: [*x[:2], b"\n", *x[2:]], [(FlawKind.EDITED, 3, 3)]),
        (lambda x: [*x[:2], b"[" * 100_000 + b"\n", *x[3:]], [(FlawKind.EDITED, 3, 3)]),
        (lambda x: [x[0].replace(b"}\n", b"} \n"), *x[1:]], [(FlawKind.EDITED, 1, 1)]),
        (lambda x: [x[0], x[1].strip(), *x[2:]], [(FlawKind.EDITED, 2, 2), (FlawKind.REMOVED, 3, None)]),
        (lambda x: x[1:], [(FlawKind.REMOVED, 1, None)]),
        (lambda x: x[:3] + x[4:], [(FlawKind.REMOVED, 4, None)]),
        (lambda x: x[:3] + x[6:], [(FlawKind.REMOVED, 4, None)]),
        (lambda x: swapped(x, 2, 3), [(FlawKind.REORDERED, 4, 3)]),
        (lambda x: [x[5], *x[:5], *x[6:]], [(FlawKind.REORDERED, 6, 1)]),
        (lambda x: [x[0], *x[2:], x[1]], [(FlawKind.REORDERED, 2, 8)]),
        (lambda x: [*x[:4], x[3], *x[4:]], [(FlawKind.DUPLICATED, 4, 5)]),
        (lambda x: [*x, x[0]], [(FlawKind.DUPLICATED, 1, 9)]),
        (lambda x: [*x, forged(head_of(x[3]), "other")], [(FlawKind.FORKED, 5, 9)]),
    ],
)
def test_what_was_done_is_named_with_its_record_and_its_line(
    change: Callable[[Lines], Lines], named: list[tuple[FlawKind, int, int | None]]
) -> None:
    examination = examined(change(list(original())))
    assert [(flaw.kind, flaw.seq, flaw.line) for flaw in examination.flaws] == named
    assert all(str(flaw.seq) in flaw.sentence for flaw in examination.flaws)


def test_a_journal_as_it_was_written_has_no_flaw_and_its_witnesses_agree() -> None:
    lines = list(original())
    witnesses = [Witness(head_of(line), "a receipt") for line in lines]
    assert examined(lines, *witnesses) == Examination(head_of(lines[-1]), (), False)


def test_a_line_that_a_crash_left_unfinished_is_told_and_is_no_flaw() -> None:
    lines = list(original())
    assert examined([*lines, lines[0][:40]]) == Examination(head_of(lines[-1]), (), True)


@pytest.mark.parametrize("left", range(RECORDS))
def test_a_cut_off_end_is_seen_by_whoever_remembers_a_later_record(left: int) -> None:
    lines = list(original())
    assert examined(lines[:left]).flaws == ()
    (flaw,) = examined(lines[:left], Witness(head_of(lines[-1]), "the receipt r.json")).flaws
    assert (flaw.kind, flaw.seq) == (FlawKind.CUT, RECORDS)
    assert flaw.sentence == f"The journal ends with record {left}; the receipt r.json saw record {RECORDS}."


def test_an_end_written_anew_is_seen_by_whoever_remembers_the_old_one() -> None:
    lines = list(original())
    changed = [*lines[:-1], forged(head_of(lines[-2]), "other")]
    assert examined(changed).flaws == ()
    (flaw,) = examined(changed, Witness(head_of(lines[-1]), "the receipt r.json")).flaws
    assert (flaw.kind, flaw.sentence) == (FlawKind.EDITED, "Record 8 is not the one that the receipt r.json saw.")


@st.composite
def manipulated(draw: st.DrawFn) -> Lines:
    """The lines after up to four acts of someone who can write to the file and make a hash, but not find a twin."""
    lines = list(original())
    for act in draw(st.lists(st.sampled_from(["edit", "forge", "remove", "move", "repeat", "merge"]), max_size=4)):
        if not lines:
            break
        at, to = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        if act == "edit":
            place = draw(st.integers(0, len(lines[at]) - 1))
            lines[at] = lines[at][:place] + bytes([draw(st.integers(0, 255))]) + lines[at][place + 1 :]
        elif act == "forge":
            lines.insert(at, forged(head_of(original()[to % RECORDS]), draw(st.sampled_from("ab"))))
        elif act == "remove":
            del lines[at]
        elif act == "move":
            lines.insert(to, lines.pop(at))
        elif act == "repeat":
            lines.insert(to, lines[at])
        else:
            lines[at] = lines[at][:-1]
    return b"".join(lines).splitlines(keepends=True)


def only_the_end_differs(lines: Lines) -> bool:
    """Whether these are the first lines as they were, and behind them none but records made to follow on."""
    same = next((n for n, (line, was) in enumerate(zip(lines, original(), strict=False)) if line != was), None)
    if same is None:
        same = min(len(lines), RECORDS)
    for n in range(same, len(lines)):
        if n == 0 or lines[n] not in (forged(head_of(lines[n - 1]), "a"), forged(head_of(lines[n - 1]), "b")):
            return False
    return True


@settings(max_examples=400, deadline=None)
@given(manipulated())
def test_anything_done_to_the_sequence_is_found_except_at_its_end_which_a_witness_remembers(lines: Lines) -> None:
    finished = [line for line in lines if line.endswith(b"\n")]
    assert bool(examined(lines).flaws) != only_the_end_differs(finished)
    if tuple(finished[:RECORDS]) != original():
        assert examined(lines, Witness(head_of(original()[-1]), "a receipt")).flaws
