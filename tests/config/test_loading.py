"""A folder of source files: what can be read of it, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from cuadre.config.loading import load_sources, readable_sources
from cuadre.model.errors import ConfigurationError

EXAMPLE = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two good sources, a broken one between them, and one that takes the name of the first."""
    text = EXAMPLE.read_text(encoding="utf-8")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(text.replace("owner:", "ownr:"), encoding="utf-8")
    (tmp_path / "c.yaml").write_text(text.replace("source: pagoefectivo_pe", "source: other"), encoding="utf-8")
    (tmp_path / "d.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "e.txt").write_text("no source file", encoding="utf-8")
    return tmp_path


def test_a_broken_file_and_a_name_taken_twice_leave_the_others_readable(folder: Path) -> None:
    found, wrong = readable_sources(folder)
    assert {name: source.source for name, source in found.items()} == {"a.yaml": "pagoefectivo_pe", "c.yaml": "other"}
    assert [sentence.split(":")[0] for sentence in wrong] == [str(folder / "b.yaml"), str(folder / "d.yaml")]


def test_all_that_is_wrong_in_a_folder_is_said_at_once(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"(?s)b\.yaml:\d+: ownr: unknown key.*d\.yaml: .* is used twice"):
        load_sources(folder)


def test_a_folder_without_mistakes_gives_each_source_by_its_file(folder: Path) -> None:
    for name in ("b.yaml", "d.yaml"):
        (folder / name).unlink()
    assert list(load_sources(folder)) == ["a.yaml", "c.yaml"]
