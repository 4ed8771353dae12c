"""The data docs of a day: they exist, say what was checked, and hold nothing of a line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cuadre.config import Source
from cuadre.pipeline.check import check
from cuadre.quality.expectations import EXPECTATIONS
from tests.quality.conftest import EXAMPLE, Write, clean_day


@pytest.fixture
def site(write: Write, source: Source, tmp_path: Path) -> Path:
    """Data docs of a day with faults in several lines."""
    lines = clean_day()
    lines[0].update(
        psp_reference="24000002", operation_reference=None, merchant_reference="ORD-SECRET ", currency="XQX"
    )
    lines[3].update(line_type="XSECRETX", original_reference="REF-SECRET")
    report = check(write(lines), source, docs=tmp_path / "docs")
    assert report.data_docs == str(tmp_path / "docs" / "index.html")
    return tmp_path / "docs"


def test_the_docs_say_of_every_expectation_what_it_checks(site: Path):
    assert (site / "index.html").is_file()
    pages = list(site.glob("validations/**/*.html"))

    assert len(pages) == 1
    text = pages[0].read_text(encoding="utf-8")
    for each in EXPECTATIONS:
        assert f"{each.name} ({each.severity.value})" in text


def test_the_docs_hold_no_reference_and_no_other_content_of_a_line(site: Path):
    content = [value for line in clean_day() for name, value in line.items() if name.endswith("_reference") and value]

    for file in (file for file in site.rglob("*") if file.is_file() and file.suffix in (".html", ".json")):
        text = file.read_text(encoding="utf-8")
        assert not [value for value in [*content, "SECRET", "XQX"] if value in text], file.name


def test_the_docs_of_a_day_are_small_enough_to_keep_for_every_day(site: Path):
    assert sum(file.stat().st_size for file in site.rglob("*") if file.is_file()) < 2**20


def test_a_second_check_of_the_day_replaces_the_page_of_the_first(write: Write, source: Source, tmp_path: Path):
    for _ in range(2):
        check(write(clean_day()), source, docs=tmp_path / "docs")

    assert len(list((tmp_path / "docs").glob("validations/**/*.html"))) == 1


OFFLINE = """
import socket, sys
from pathlib import Path

def refuse(*_, **__):
    raise AssertionError("somebody reached for the network")

class NoSocket(socket.socket):
    __init__ = connect = connect_ex = sendto = refuse

socket.socket, socket.create_connection, socket.getaddrinfo = NoSocket, refuse, refuse

from cuadre.config import load_source
from cuadre.pipeline.check import check

report = check(Path(sys.argv[1]), load_source(Path(sys.argv[2])), docs=Path(sys.argv[3]))
assert report.passed
"""


def test_a_check_needs_no_network_says_nothing_and_leaves_nothing_behind(write: Write, tmp_path: Path):
    lines, home = write(clean_day()), tmp_path / "home"
    home.mkdir()

    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(lines), str(EXAMPLE), str(tmp_path / "docs")],
        env={"PATH": "", "HOME": str(home), "TMPDIR": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.iterdir()) == []


def test_great_expectations_is_imported_only_when_a_day_is_checked():
    code = "import sys, cuadre.pipeline.check; sys.exit('great_expectations' in sys.modules or 'duckdb' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
