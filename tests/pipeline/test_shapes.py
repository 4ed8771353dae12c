"""Days of providers that sign or pack in another way than the default, down the whole line and on the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cuadre.cli.app import app
from cuadre.config import Source
from cuadre.model.errors import ArchiveRejected
from cuadre.pipeline import line
from cuadre.sandbox.archive import SandboxDay
from tests.pipeline.conftest import House

Build = Callable[[SandboxDay], House]
Make = Callable[..., SandboxDay]


@pytest.fixture
def shaped(sandbox_source: Source) -> Callable[..., Source]:
    """The sandbox's source with another shape or container."""

    def change(shape: str = "signed_then_encrypted", container: str = "zip") -> Source:
        data = sandbox_source.model_dump(mode="json", exclude_unset=True) | {"container": container}
        data["trust"] |= {"shape": shape}
        return Source.model_validate(data)

    return change


@pytest.mark.parametrize(
    ("shape", "container"),
    [
        ("detached_over_ciphertext", "zip"),
        ("detached_over_plaintext", "gzip"),
        ("encrypted_then_signed", "plain"),
    ],
)
def test_a_day_of_another_shape_goes_down_the_line(
    shape: str, container: str, house: Build, sandbox_day: Make, shaped: Callable[..., Source]
) -> None:
    made = sandbox_day(300, parts=2, source=shaped(shape, container))
    here = house(made)
    here.receive(made)
    done = here.run(made.day)
    assert [record["admission"]["shape"] for record in done["admissions"]] == [shape] * 2
    assert done["publication"]["changed"] is True
    again = here.run(made.day, now=here.now(made.day) + timedelta(hours=1))
    assert {record["note"] for record in again["admissions"]} == {"DUPLICATE"}


def test_a_new_signature_is_judged_although_the_archive_was_admitted_before(
    house: Build, sandbox_day: Make, shaped: Callable[..., Source]
) -> None:
    made = sandbox_day(300, source=shaped("detached_over_plaintext"))
    here = house(made)
    here.receive(made)
    here.run(made.day)
    signature = here.outbox / made.signatures[0].name
    signature.write_bytes(signature.read_bytes()[:-1])
    now = here.now(made.day)
    (archive,) = line.fetch_day(here.work, here.source, made.day, now=now)
    with pytest.raises(ArchiveRejected, match="TRUNCATED"):
        line.admit_archive(here.work, here.source, made.day, archive, now=now)


@pytest.mark.parametrize("shape", ["detached_over_ciphertext", "detached_over_plaintext"])
def test_the_command_takes_the_signature_of_a_detached_shape(
    shape: str, sandbox_day: Make, shaped: Callable[..., Source], tmp_path: Path
) -> None:
    made = sandbox_day(300, source=shaped(shape))
    common = ["admit", str(made.archives[0]), "--source", str(made.source), "--keyring", str(made.keyring)]
    without = CliRunner().invoke(app, [*common, "--out", str(tmp_path / "refused")])
    assert (without.exit_code, "UNSIGNED" in without.output) == (3, True)
    done = CliRunner().invoke(app, [*common, "--out", str(tmp_path / "out"), "--signature", str(made.signatures[0])])
    assert done.exit_code == 0, done.output
    assert list((tmp_path / "out").glob("lines*.parquet"))


def test_a_signature_for_a_shape_without_one_is_wrong_usage(sandbox_day: Make, tmp_path: Path) -> None:
    made = sandbox_day(300)
    common = ["admit", str(made.archives[0]), "--source", str(made.source), "--keyring", str(made.keyring)]
    command = [sys.executable, "-m", "cuadre.cli", *common, "--out", str(tmp_path / "out")]
    done = subprocess.run([*command, "--signature", str(made.archives[0])], capture_output=True, check=False)
    assert done.returncode == 2, done.stderr
