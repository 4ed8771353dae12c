"""Every kind of incident has its run book, every run book its kind, and what they point at exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from cuadre.model.codes import IncidentKind
from cuadre.model.columns import MARTS, OPEN_BREAK

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "runbooks"
PAGES = sorted(FOLDER.glob("*.md"))
SECTIONS = ("Symptom", "What it means", "Look at", "Do", "False positives", "Never by hand")


def test_every_kind_has_its_page_and_no_page_is_left_over():
    assert {kind.runbook for kind in IncidentKind} == {path.relative_to(ROOT).as_posix() for path in PAGES}


@pytest.mark.parametrize("kind", IncidentKind, ids=lambda kind: kind.name)
def test_a_page_has_the_kinds_title_a_severity_and_all_sections_in_order(kind: IncidentKind):
    text = (ROOT / kind.runbook).read_text(encoding="utf-8")

    assert text.startswith(f"# {kind.value}\n\n**Severity: ")
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == SECTIONS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_queries_of_a_page_read_columns_that_exist(page: Path):
    columns = {f"recon.{table.name}": set(table.names) for table in (*MARTS, OPEN_BREAK)}
    blocks = re.findall(r"```sql\n(.+?)```", page.read_text(encoding="utf-8"), re.DOTALL)

    for statement in (tree for block in blocks for tree in sqlglot.parse(block, dialect="postgres")):
        assert statement is not None
        tables = {f"{table.db}.{table.name}" for table in statement.find_all(exp.Table) if table.db}
        named = {alias.alias for alias in statement.find_all(exp.Alias, exp.TableAlias)} | {"reason"}
        known = set().union(*(columns[table] for table in tables)) | named
        assert tables
        assert {column.name for column in statement.find_all(exp.Column)} <= known


def test_links_between_pages_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://")):
                assert (page.parent / target).exists(), f"{page.name} points at {target}"
