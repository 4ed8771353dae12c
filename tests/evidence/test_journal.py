"""The journal: writers of all kinds, on real files and in real processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cuadre.evidence import GENESIS, Head, Journal, StepOutcome
from cuadre.model.errors import JournalBroken

DAY = date(2026, 3, 4)
AT = datetime(2026, 3, 5, 9, tzinfo=UTC)

ENDLESS_WRITER = """
import sys
from pathlib import Path
from cuadre.evidence import Journal
from tests.evidence.test_journal import note
number = 0
while True:
    print(note(Journal(Path(sys.argv[1])), number, text="x" * 2_000_000).hash, flush=True)
    number += 1
"""
"""Says the hash of each record once it is on the disk; a record takes long enough to be killed amid it."""


def note(journal: Journal, number: int, **more: object) -> Head:
    return journal.append("admit", "shop", DAY, StepOutcome.OK, {"number": number, **more}, AT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "journal.jsonl"


def test_an_empty_journal_verifies(path: Path) -> None:
    assert Journal(path).verify() == Journal(path).head() == Head(0, GENESIS)
    path.parent.mkdir()
    path.touch()
    assert Journal(path).verify() == Journal(path).head() == Head(0, GENESIS)


def test_every_record_carries_its_number_its_own_hash_and_the_hash_before_it(path: Path) -> None:
    journal = Journal(path)
    heads = [note(journal, number) for number in range(3)]
    records = list(journal.records())
    assert [head.seq for head in heads] == [1, 2, 3]
    assert [record["seq"] for record in records] == [1, 2, 3]
    assert [record["hash"] for record in records] == [head.hash for head in heads]
    assert [record["previous"] for record in records] == [GENESIS, *(head.hash for head in heads[:2])]
    assert journal.verify() == journal.head() == heads[2]
    assert records[0] == {
        "at": "2026-03-05T09:00:00+00:00",
        "step": "admit",
        "source": "shop",
        "settlement_date": "2026-03-04",
        "outcome": "ok",
        "seq": 1,
        "previous": GENESIS,
        "hash": heads[0].hash,
        "record": {"number": 0},
    }


def test_records_longer_than_a_block_are_chained_too(path: Path) -> None:
    journal = Journal(path)
    for number in range(3):
        note(journal, number, text="é" * 200_000)
    assert journal.verify().seq == 3


def test_a_last_line_cut_off_by_a_crash_is_not_a_record_and_does_not_stop_the_next(path: Path) -> None:
    journal = Journal(path)
    head = note(journal, 1)
    with path.open("ab") as file:
        file.write(b'{"at":"2026')
    assert journal.verify() == journal.head() == head
    note(journal, 2)
    assert journal.verify().seq == 2
    assert [record["record"]["number"] for record in journal.records()] == [1, 2]


def test_nothing_is_chained_to_a_damaged_record(path: Path) -> None:
    journal = Journal(path)
    note(journal, 1)
    path.write_bytes(path.read_bytes().replace(b'"ok"', b'"KO"'))
    before = path.read_bytes()
    with pytest.raises(JournalBroken, match="start a new one"):
        note(journal, 2)
    with pytest.raises(JournalBroken, match="start a new one"):
        journal.head()
    with pytest.raises(JournalBroken, match="Line 1, where record 1 should be, was edited"):
        journal.verify()
    assert path.read_bytes() == before


def test_appending_reads_the_end_of_the_file_only(path: Path) -> None:
    journal = Journal(path)
    for number in range(50):
        note(journal, number, text="x" * 100_000)
    with path.open("r+b") as file:
        file.write(b"damage at the very beginning, which an append does not look at")
    assert note(journal, 50).seq == 51


def _write(path: Path, writer: int) -> None:
    for number in range(25):
        note(Journal(path), number, writer=writer)


def _written_in_full(path: Path, writers: int) -> bool:
    written = [(entry["record"]["writer"], entry["record"]["number"]) for entry in Journal(path).records()]
    return sorted(written) == [(writer, number) for writer in range(writers) for number in range(25)]


def test_processes_that_write_at_once_do_not_fork_the_chain(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, writer)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    assert Journal(path).verify().seq == 100
    assert _written_in_full(path, 4)


def test_threads_that_write_at_once_do_not_fork_the_chain(path: Path) -> None:
    writers = [threading.Thread(target=_write, args=(path, writer)) for writer in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert Journal(path).verify().seq == 75
    assert _written_in_full(path, 3)


def test_a_writer_killed_amid_a_write_costs_only_the_record_it_was_writing(path: Path) -> None:
    acknowledged: list[str] = []
    for kill in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", ENDLESS_WRITER, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert writer.stdout is not None
        acknowledged.append(writer.stdout.readline().strip())
        time.sleep(0.002 * kill)
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += writer.stdout.read().split()
        writer.stdout.close()
        writer.wait()
    journal = Journal(path)
    head = journal.verify()
    hashes = [record["hash"] for record in journal.records()]
    assert len(hashes) == head.seq
    assert set(acknowledged) <= set(hashes)
    note(journal, 0)
    assert journal.verify().seq == head.seq + 1
