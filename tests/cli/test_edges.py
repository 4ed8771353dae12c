"""The command line where it is torn away: closed pipes, full disks, signals, folders that are none."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cuadre.sandbox.archive import SandboxDay

Make = Callable[..., SandboxDay]
CUADRE = (sys.executable, "-m", "cuadre.cli")


@pytest.fixture(scope="module")
def day(sandbox_day: Make) -> SandboxDay:
    return sandbox_day(20_000, breaks=0.1)


@pytest.fixture(scope="module")
def lines(day: SandboxDay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("admitted") / "lines"
    subprocess.run((*CUADRE, *admit(day, out)), check=True, capture_output=True, timeout=120)
    return out


def admit(day: SandboxDay, out: Path) -> list[str]:
    given = ["--source", day.source, "--keyring", day.keyring, "--out", out]
    return ["admit", str(day.archives[0]), *map(str, given)]


def reconcile(day: SandboxDay, lines: Path, out: Path) -> list[str]:
    given = ["--lines", lines, "--orders", day.orders, "--source", day.source, "--as-of", day.as_of.isoformat()]
    return ["reconcile", *map(str, given), "--out", str(out), "--fail-on-breaks"]


def unread(arguments: Sequence[str]) -> int:
    """The exit code of a command whose reader is gone before it says anything."""
    with subprocess.Popen((*CUADRE, *arguments), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.close()
        return process.wait(120)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "json"])
def test_a_reader_that_leaves_early_does_not_change_the_verdict(
    day: SandboxDay, lines: Path, tmp_path: Path, form: list[str]
) -> None:
    broken = tmp_path / "broken.pgp"
    broken.write_bytes(day.archives[0].read_bytes()[:-100])
    refused = ["admit", str(broken), *admit(day, tmp_path / "none")[2:]]
    assert unread([*refused, *form]) == 3
    assert unread([*reconcile(day, lines, tmp_path / "out"), *form]) == 4
    assert unread(["sandbox", "faults", *form]) == 0


def test_a_folder_that_is_a_file_is_wrong_usage(day: SandboxDay, lines: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for arguments in (admit(day, file), reconcile(day, lines, file)):
        done = subprocess.run((*CUADRE, *arguments), capture_output=True, text=True, check=False, timeout=120)
        assert (done.returncode, "--out" in done.stderr) == (2, True)


def test_a_full_disk_is_a_sentence_and_a_fault_and_leaves_nothing(day: SandboxDay, lines: Path, tmp_path: Path) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    for arguments in (admit(day, tmp_path / "out"), reconcile(day, lines, tmp_path / "out")):
        done = subprocess.run(
            (*CUADRE, *arguments), capture_output=True, text=True, check=False, timeout=120, preexec_fn=small
        )
        assert (done.returncode, "Traceback" in done.stderr, done.stdout) == (1, False, "")
        assert "too large" in done.stderr
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def _as_in_a_terminal() -> None:
    """Whoever runs the tests in the background has its children ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", ["admit", "reconcile"])
def test_a_signal_stops_a_step_and_nothing_half_made_stays(
    day: SandboxDay, lines: Path, tmp_path: Path, step: str, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    arguments = admit(day, out) if step == "admit" else reconcile(day, lines, out)
    with subprocess.Popen(
        (*CUADRE, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_as_in_a_terminal
    ) as process:
        while not any(path.name.startswith(".") for path in tmp_path.rglob("*")):  # its private folder is there
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout, b"Traceback" in stderr) == (130, b"", False)
    assert [path for path in tmp_path.rglob("*") if path != out] == []


def test_days_at_the_end_of_the_calendar_are_wrong_usage(day: SandboxDay, lines: Path, tmp_path: Path) -> None:
    arguments = reconcile(day, lines, tmp_path / "out")
    arguments[arguments.index("--as-of") + 1] = "9999-12-31T23:00:00-05:00"
    done = subprocess.run((*CUADRE, *arguments), capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, "give a year" in done.stderr) == (2, True)


@pytest.mark.parametrize(("given", "said"), [(b"\xff\xfe", "not text"), (b" ", "blank")])
def test_a_reference_that_is_none_is_wrong_usage(day: SandboxDay, tmp_path: Path, given: bytes, said: str) -> None:
    asked = [*CUADRE, "explain", given, "--source", str(day.source), "--store", str(tmp_path)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)
    assert said in done.stderr
