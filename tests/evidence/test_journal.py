"""The journal: a chain of records that shows every change."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cuadre.evidence import Journal, JournalState, StepOutcome
from cuadre.evidence.journal import GENESIS
from cuadre.model.errors import JournalBroken

DAY = date(2026, 3, 4)
AT = datetime(2026, 3, 5, 9, tzinfo=UTC)


def note(journal: Journal, number: int, **more: object) -> str:
    return journal.append("admit", "shop", DAY, StepOutcome.OK, {"number": number, **more}, AT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "journal.jsonl"


def test_an_empty_journal_verifies(path: Path) -> None:
    assert Journal(path).verify() == JournalState(0, GENESIS)


def test_every_record_carries_the_hash_of_the_one_before(path: Path) -> None:
    journal = Journal(path)
    heads = [note(journal, number) for number in range(3)]
    records = list(journal.records())
    assert [record["previous"] for record in records] == [GENESIS, *heads[:2]]
    assert journal.verify() == JournalState(3, heads[2])
    assert records[0] | {"record": None} == {
        "at": "2026-03-05T09:00:00+00:00",
        "step": "admit",
        "source": "shop",
        "settlement_date": "2026-03-04",
        "outcome": "ok",
        "previous": GENESIS,
        "record": None,
    }


def test_records_longer_than_a_block_are_chained_too(path: Path) -> None:
    journal = Journal(path)
    for number in range(3):
        note(journal, number, text="é" * 200_000)
    assert journal.verify().records == 3


@pytest.mark.parametrize("line", [0, 1])
def test_a_changed_record_is_found(path: Path, line: int) -> None:
    journal = Journal(path)
    for number in range(3):
        note(journal, number)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b'"number":', b'"numbeR":')
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalBroken, match=f"Line {line + 2} "):
        journal.verify()


def test_a_removed_record_is_found(path: Path) -> None:
    journal = Journal(path)
    for number in range(3):
        note(journal, number)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(JournalBroken, match="Line 2 "):
        journal.verify()


def test_a_last_line_cut_off_by_a_crash_is_not_a_record_and_does_not_stop_the_next(path: Path) -> None:
    journal = Journal(path)
    head = note(journal, 1)
    with path.open("ab") as file:
        file.write(b'{"at":"2026')
    assert journal.verify() == JournalState(1, head)
    note(journal, 2)
    assert journal.verify().records == 2
    assert [record["record"]["number"] for record in journal.records()] == [1, 2]


def _write(path: Path, writer: int) -> None:
    for number in range(25):
        note(Journal(path), number, writer=writer)


def test_concurrent_writers_do_not_fork_the_chain(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, writer)) for writer in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    journal = Journal(path)
    assert journal.verify().records == 75
    written = [(entry["record"]["writer"], entry["record"]["number"]) for entry in journal.records()]
    assert sorted(written) == [(writer, number) for writer in range(3) for number in range(25)]
    assert json.loads(path.read_text().splitlines()[-1])["outcome"] == "ok"
