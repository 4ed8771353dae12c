"""The data docs of a day: they exist, say what was checked, and hold nothing of a line."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from cuadre.config import Source
from cuadre.pipeline.check import check
from cuadre.quality.expectations import EXPECTATIONS
from tests.quality.conftest import ARCHIVE, EXAMPLE, Write, clean_day


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


def test_the_docs_say_of_every_expectation_what_it_checks_and_how_it_came_out(site: Path):
    text = unescape((site / "index.html").read_text(encoding="utf-8"))

    assert f"The gate is closed: nothing is reconciled or published. {text.count('>held<')} of 36 checks held." in text
    assert text.count(">held<") + text.count(">failed<") == len(EXPECTATIONS) == 36
    for each in EXPECTATIONS:
        assert f"<code>{each.name}</code></td><td>{each.severity.value}</td>" in text
        assert each.doc in text
    assert text.index("<code>currency_allowed</code>") < text.index(">held<")
    assert f"<code>{ARCHIVE[:12]}:1</code>" in text


def test_the_docs_hold_no_reference_and_no_other_content_of_a_line(site: Path):
    content = [value for line in clean_day() for name, value in line.items() if name.endswith("_reference") and value]
    text = (site / "index.html").read_text(encoding="utf-8")

    assert not [value for value in [*content, "SECRET", "XQX"] if value in text]


def test_the_docs_are_one_page_that_a_browser_needs_nothing_else_for(site: Path):
    (page,) = site.rglob("*")
    text = page.read_text(encoding="utf-8")

    assert not re.findall(r"https?:|//|<script|<link|<img|<iframe|@import|url\(|\s(?:src|href|on\w+)=", text)
    assert "Content-Security-Policy\" content=\"default-src 'none';" in text


def test_the_same_lines_give_the_same_page_and_it_takes_the_place_of_the_one_before(
    write: Write, source: Source, tmp_path: Path
):
    pages = []
    for _ in range(2):
        report = check(write(clean_day()), source, docs=tmp_path / "docs")
        pages.append(Path(str(report.data_docs)).read_bytes())

    assert pages[0] == pages[1]
    assert list((tmp_path / "docs").iterdir()) == [tmp_path / "docs" / "index.html"]


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
