"""The generated pages say what the declarations say, and the example queries speak of columns that exist.

Whether the page of accuracy is as it should be is left to `make check`: to make it, every scenario has to be played,
and tests/matching/test_scenarios.py plays them already.
"""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot.optimizer.qualify import qualify

from cuadre.model.codes import IncidentKind, Outcome, ReasonCode, RejectionReason
from cuadre.model.columns import DECISION, INCIDENT, MARTS, MOVEMENT, OPEN_BREAK, REOPENING, STANDING_DECISION, Table
from docs import generate, pages

QUERIED = (*MARTS, DECISION, REOPENING, STANDING_DECISION, OPEN_BREAK)
"""Tables and views that are asked; functions are asked otherwise."""


def test_every_generated_page_is_what_its_declarations_say():
    cheap = {name: page for name, page in generate.PAGES.items() if name != "accuracy.md"}
    assert sorted(generate.stale(cheap)) == [], "run `make docs`"


def test_a_page_that_is_edited_or_missing_is_stale(tmp_path):
    made = {"codes.md": pages.codes, "checks.md": pages.checks}
    (tmp_path / "codes.md").write_text(pages.codes() + "one more line\n", encoding="utf-8")

    assert sorted(generate.stale(made, tmp_path)) == [
        "checks.md",
        "codes.md",
    ]


def test_check_writes_nothing_says_one_line_a_page_and_fails(tmp_path, capsys):
    made = {"codes.md": pages.codes}

    assert generate.main(["--check"], made, tmp_path) == 1
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err.count("\n") == 1
    assert generate.main([], made, tmp_path) == 0
    assert generate.main(["--check"], made, tmp_path) == 0


def test_every_code_has_its_row():
    page = pages.codes()

    for kind in (Outcome, ReasonCode, RejectionReason, IncidentKind):
        assert [member.name for member in kind if f"| `{member.name}` |" not in page] == []


@pytest.mark.parametrize("mart", QUERIED, ids=lambda mart: mart.name)
def test_the_example_query_of_a_mart_is_sound(mart: Table):
    query = (pages.EXAMPLES / f"{mart.name}.sql").read_text(encoding="utf-8")

    assert f"recon.{mart.name}" in query
    qualify(sqlglot.parse_one(query, dialect="postgres"), schema=_schema(), dialect="postgres")


def test_no_example_query_is_left_over():
    assert {path.stem for path in pages.EXAMPLES.iterdir()} == {table.name for table in (*QUERIED, MOVEMENT)}


def _schema() -> dict[str, dict[str, dict[str, str]]]:
    tables: dict[str, dict[str, str]] = {}
    for mart in QUERIED:
        tables[mart.name] = dict.fromkeys((*mart.names, "known_from"), "text")
        if mart in MARTS and mart is not INCIDENT:
            tables[f"{mart.name}_history"] = dict.fromkeys((*mart.names, "known_from", "known_to"), "text")
    return {"recon": tables}
