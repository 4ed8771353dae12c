"""What killed steps leave in the scratch folder, and that only they lose it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cuadre.config.secrets import resolve
from cuadre.config.settings import Settings
from cuadre.pipeline.workplace import Workplace, workplace

AT_WORK = """
import sys
from pathlib import Path
from tests.pipeline.test_scratch import work_in

with work_in(Path(sys.argv[1])).room() as folder:
    (folder / "lines.parquet").write_bytes(b"plaintext")
    print(folder, flush=True)
    sys.stdin.read()
"""


def work_in(root: Path) -> Workplace:
    settings = Settings(root, str(root / "store"), root / "scratch", root / "journal.jsonl", root / "alerts.jsonl")
    return workplace(settings, resolve)


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes, each in the middle of a step."""
    command = [sys.executable, "-c", AT_WORK, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, cwd=Path(__file__).parents[2], **pipes) for _ in range(2)]
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def test_the_next_step_removes_the_plaintext_of_a_killed_one_and_leaves_that_of_a_living_one(
    tmp_path: Path, at_work: list[subprocess.Popen[str]]
) -> None:
    folders = [Path(process.stdout.readline().strip()) for process in at_work if process.stdout]
    killed, _ = at_work
    killed.kill()
    killed.wait()
    assert [(folder / "lines.parquet").exists() for folder in folders] == [True, True]
    with work_in(tmp_path).room():
        assert [(folder / "lines.parquet").exists() for folder in folders] == [False, True]
