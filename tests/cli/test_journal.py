"""`cuadre journal verify`, as people script against it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cuadre.evidence import Journal, StepOutcome
from tests.fixtures.command import cuadre


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "journal.jsonl")
    for number in range(5):
        moment = datetime(2026, 3, 5, 9, tzinfo=UTC)
        journal.append("admit", "shop", date(2026, 3, 4), StepOutcome.OK, {"number": number}, moment)
    return journal


def test_a_journal_that_holds_is_said_with_its_head(journal: Journal) -> None:
    shown = cuadre("journal", "verify", journal.path)
    assert shown.returncode == 0
    assert journal.head().hash in shown.stdout
    assert "5 records in one unbroken chain. No receipt says" in shown.stderr
    said = json.loads(cuadre("journal", "verify", journal.path, "--json").stdout)
    assert said == {
        "journal": str(journal.path),
        "receipts": 0,
        "head": {"seq": 5, "hash": journal.head().hash},
        "flaws": [],
        "unfinished": False,
    }


def test_what_was_done_is_named_and_exits_with_3(journal: Journal) -> None:
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join([lines[0].replace(b'"ok"', b'"KO"'), *lines[2:]]))
    shown = cuadre("journal", "verify", journal.path)
    assert shown.returncode == 3
    assert "edited" in shown.stdout
    assert "Line 1, where record 1 should be, was edited" in shown.stderr
    said = cuadre("journal", "verify", journal.path, "--json")
    assert said.returncode == 3
    assert [(flaw["kind"], flaw["seq"]) for flaw in json.loads(said.stdout)["flaws"]] == [("edited", 1), ("removed", 2)]


def test_the_journal_of_the_settings_is_meant_when_none_is_named(journal: Journal) -> None:
    said = cuadre("journal", "verify", "--json", environment={"CUADRE_STORE": str(journal.path.parent)})
    assert json.loads(said.stdout)["head"]["seq"] == 5
    assert cuadre("journal", "verify", environment={"CUADRE_STORE": ""}).returncode == 2
