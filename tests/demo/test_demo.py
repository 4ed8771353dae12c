"""The demo as a newcomer runs it: a real Airflow, three days, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cuadre.sandbox.demo.house import House, occupied
from cuadre.sandbox.demo.processes import Processes


def demo(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cuadre.sandbox.demo", "--folder", str(folder), "--lines", "300", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder.parent)


def of_demo(folder: Path) -> list[str]:
    """Processes whose working files are in `folder`, other than this test's own."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.cwd(), process.environ().get("AIRFLOW_HOME", "")]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.pid != os.getpid() and any(str(folder) in word for word in words):
            found.append(f"{process.pid} {process.name()}")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "demo"
    yield folder
    assert of_demo(folder) == []


@pytest.mark.airflow
@pytest.mark.timeout(780)
def test_three_days_come_out_as_planted_back_filled_by_hand_scheduled_and_run_again(folder: Path) -> None:
    process = demo(folder, "--once")
    said, _ = process.communicate(timeout=760)
    assert process.returncode == 0, said
    assert said.count("came out as planted") == 3
    assert "3 receipts hold" in said
    assert "cuadre receipt verify" in said
    for step in ("back-filled", "started by hand", "started by the scheduler", "run is cleared"):
        assert step in said
    assert "Traceback" not in said


@pytest.mark.airflow
def test_ctrl_c_while_airflow_starts_stops_everything(folder: Path) -> None:
    process = demo(folder)
    assert process.stdout is not None
    heard = []
    for line in process.stdout:
        heard.append(line)
        if "starting api-server" in line:
            break
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, "".join(heard) + said
    assert "Everything is stopped" in said


def test_a_busy_port_asked_for_is_one_sentence(folder: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        process = demo(folder, "--port", str(busy.getsockname()[1]))
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.strip().count("\n") == 0
    assert "is taken by another program" in said


def test_a_missing_gnupg_is_one_sentence(folder: Path) -> None:
    command = [sys.executable, "-m", "cuadre.sandbox.demo", "--folder", str(folder)]
    environment = os.environ | {"PATH": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 2
    assert (done.stdout + done.stderr).strip().startswith("GnuPG is missing")
    assert "Traceback" not in done.stdout + done.stderr


def test_a_second_demo_in_the_same_folder_is_refused(folder: Path) -> None:
    with occupied(House(folder)):
        process = demo(folder)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "already running" in said


def test_what_a_killed_demo_left_running_is_stopped_by_the_next(tmp_path: Path) -> None:
    left = Processes(tmp_path / "processes.json", tmp_path)
    left.start("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], os.environ)
    process = left.running["sleeper"]
    assert Processes(tmp_path / "processes.json", tmp_path).sweep() == 1
    assert process.wait(timeout=10) == -signal.SIGKILL
    assert Processes(tmp_path / "processes.json", tmp_path).sweep() == 0
