"""`make bench`: our steps against the others, medians and ratios, as a page.

Every comparison runs its sides in turn on the same files, so that a noisy machine is noisy for both. Figures are of
whole processes, imports included. Nothing asserts on time.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys

from benchmarks.comparisons import BENCH, MEASURES, Given, Plan, say


def main() -> None:
    """Measure at each size and print one table for each comparison."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each side, after one warm-up")
    parser.add_argument("--only", choices=tuple(MEASURES), nargs="+", default=list(MEASURES))
    parser.add_argument("--without-pandas", action="store_true", help="leave out the slowest of the others")
    parser.add_argument("--without-warm-up", action="store_true", help="for sizes that no cache holds anyway")
    wanted = parser.parse_args()
    BENCH.mkdir(exist_ok=True)
    plan = Plan(wanted.runs, BENCH / "log", not wanted.without_pandas, not wanted.without_warm_up)
    plan.log.unlink(missing_ok=True)
    say(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}; details: {plan.log}")
    for lines in wanted.lines:
        given = _give(lines)
        for name in wanted.only:
            MEASURES[name](given, plan)


def _give(lines: int) -> Given:
    """The files of one size, made anew by a process of its own: a large parent would count in its children's peaks."""
    room = BENCH / f"{lines}"
    if room.exists():
        shutil.rmtree(room)
    room.mkdir()
    given = Given(lines, room / "given", room)
    say(f"Making {lines:,} lines")
    subprocess.run([sys.executable, "-m", "benchmarks.given", str(lines), str(given.folder)], check=True)
    plain, sealed = (given.folder / "body.csv").stat().st_size, next(given.folder.glob("*.pgp")).stat().st_size
    say(f"{plain / 1e6:,.0f} MB of CSV, {sealed / 1e6:,.0f} MB of ciphertext")
    return given


if __name__ == "__main__":
    main()
