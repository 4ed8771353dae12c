"""Time whole processes in turn, A B A B ..., and keep medians, ratios by pair, and peak resident memory.

What does not live here: what is compared (`run.py`).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Contender:
    """One side: a name, a command line, its environment, and what makes each run start alike."""

    name: str
    command: Sequence[str]
    prepare: Callable[[], None] = lambda: None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One finished process: wall seconds, processor seconds, and the peak resident MiB of its largest process."""

    wall: float
    cpu: float
    peak_mib: float


def duel(
    contenders: Sequence[Contender], runs: int, log: Path, *, warm_up: bool = True
) -> dict[str, list[Measurement]]:
    """Run all contenders in turn, `runs` times, after one warm-up of each that is not counted."""
    results: dict[str, list[Measurement]] = {contender.name: [] for contender in contenders}
    for turn in range(0 if warm_up else 1, runs + 1):
        for contender in contenders:
            contender.prepare()
            run = _run(contender, log)
            if turn:
                results[contender.name].append(run)
            print(f"  {contender.name:<28} {run.wall:7.2f} s {run.peak_mib:7.0f} MiB", file=sys.stderr, flush=True)
    return results


def median(runs: Sequence[Measurement], what: str) -> float:
    """Median of one figure of the runs."""
    return statistics.median(float(getattr(run, what)) for run in runs)


def ratio(ours: Sequence[Measurement], theirs: Sequence[Measurement]) -> float:
    """Median of ours/theirs pair by pair: it holds when the machine's speed drifts."""
    return statistics.median(a.wall / b.wall for a, b in zip(ours, theirs, strict=True))


def _run(contender: Contender, log: Path) -> Measurement:
    with log.open("ab") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            contender.command, stdout=output, stderr=output, env=os.environ | contender.environment
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{contender.name} ended with {process.returncode}; see {log}")
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
