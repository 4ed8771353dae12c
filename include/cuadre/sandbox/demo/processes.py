"""Child processes that never outlive the demo: each in a group of its own, remembered on disk, stopped in order.

What does not live here: what is started (see `airflow.py`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass(slots=True)
class Processes:
    """Process groups started from here. `record` names those still running, for a demo that was killed itself."""

    record: Path
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start `command` in a group of its own; its output goes to the log of that name."""
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            self.running[name] = subprocess.Popen(
                list(command),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._remember()

    def ended(self) -> list[str]:
        """Names of processes that have ended by themselves."""
        return [name for name, process in self.running.items() if process.poll() is not None]

    def stop(self, patience: float = 20.0) -> None:
        """SIGTERM to every group, last started first; after `patience` seconds SIGKILL to what is left of them."""
        for process in reversed(self.running.values()):
            _signal(process.pid, signal.SIGTERM)
        end = time.monotonic() + patience
        for process in self.running.values():
            while process.poll() is None and time.monotonic() < end:
                time.sleep(0.1)
        for process in self.running.values():
            _signal(process.pid, signal.SIGKILL)
            process.wait()
        self.running.clear()
        self.record.unlink(missing_ok=True)

    def sweep(self) -> int:
        """Stop what an earlier demo that was killed has left running; the number of groups stopped."""
        if not self.record.exists():
            return 0
        swept = 0
        for pid, created in json.loads(self.record.read_text(encoding="utf-8")).values():
            members = [p for p in psutil.process_iter() if _group(p.pid) == pid]
            if any(p.pid != pid or abs(p.create_time() - created) < 1 for p in members):
                _signal(pid, signal.SIGKILL)
                swept += 1
        self.record.unlink()
        return swept

    def _remember(self) -> None:
        known = {name: (p.pid, psutil.Process(p.pid).create_time()) for name, p in self.running.items()}
        self.record.write_text(json.dumps(known), encoding="utf-8")


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None
