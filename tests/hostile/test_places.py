"""The places that admission works in, with something planted there: links and folders under our own names."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cuadre.config import load_source
from cuadre.config.secrets import resolve
from cuadre.config.settings import Settings
from cuadre.model.errors import ConfigurationError
from cuadre.pipeline.admit import admit
from cuadre.pipeline.workplace import workplace
from cuadre.trust import private_home
from cuadre.trust.quarantine import MEMORY
from tests.fixtures.openpgp import NAME, NOW, Keys, csv_text, zipped

EXAMPLE = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"
NOBODY = 65534


@contextmanager
def _planted(victim: Path) -> Iterator[None]:
    """A link to `victim` wherever a sweep looks for what crashes left, and a folder that we may not enter."""
    links = [
        Path(tempfile.gettempdir()) / f"cuadre-gnupg-planted-{os.getpid()}",
        MEMORY / f"cuadre-quarantine-{os.getuid()}-planted-{os.getpid()}",
    ]
    closed = links[1].with_name(f"{links[1].name}-closed")
    for link in links:
        link.symlink_to(victim)
    closed.mkdir(mode=0)
    if os.getuid() == 0:
        os.chown(closed, NOBODY, NOBODY)
    try:
        yield
    finally:
        for link in links:
            link.unlink()
        if closed.exists():
            closed.rmdir()


def test_what_lies_about_under_our_names_is_neither_followed_nor_in_the_way(pgp_keys: Keys, tmp_path: Path) -> None:
    archive = tmp_path / NAME
    archive.write_bytes(pgp_keys.seal(zipped(csv_text())))
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_text("theirs")
    source = load_source(EXAMPLE).model_copy(update={"trust": pgp_keys.trust("sender", quarantine="memory")})
    with _planted(victim):
        done = admit(archive, source, keyring=pgp_keys.ours.home, out=tmp_path / "out", now=NOW)
    assert done.verdict == "admitted"
    assert (victim / "file").read_text() == "theirs"


def test_a_scratch_folder_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    work = workplace(Settings(tmp_path, str(tmp_path), scratch, tmp_path / "journal", tmp_path / "alerts"), resolve)
    for mode in (0o700, 0o775, 0o1777):
        scratch.chmod(mode)
        with work.room() as room:
            assert room.parent == scratch
    scratch.chmod(0o777)
    with pytest.raises(ConfigurationError, match="Anybody may write"), work.room():
        pass


def test_a_machine_without_gnupg_is_told_so(pgp_keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="not installed"), private_home(pgp_keys.ours.home):
        pass
