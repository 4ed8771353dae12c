"""`make bench`: admit, reconcile and publish against the others, medians and ratios, as a page.

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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.given import DAY
from benchmarks.measure import Contender, Run, duel, median, ratio
from cuadre.config import load_source
from cuadre.marts.migrate import migrate
from cuadre.sandbox.postgres import running_postgres

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / ".bench"
OTHERS = BENCH / "venv"


@dataclass(frozen=True, slots=True)
class Given:
    """The files of one size (see `given.py`), and a folder for what the sides leave."""

    lines: int
    folder: Path
    room: Path

    @property
    def source(self) -> str:
        """The source file."""
        return str(self.folder / "source.yaml")

    @property
    def as_of(self) -> str:
        """The moment of judgement."""
        return load_source(Path(self.source)).as_of(DAY).isoformat()


@dataclass(frozen=True, slots=True)
class Plan:
    """How often, where the sides' output goes, and whether the slowest of the others runs too."""

    runs: int
    log: Path
    pandas: bool


def main() -> None:
    """Measure at each size and print one table for each comparison."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each side, after one warm-up")
    parser.add_argument("--only", choices=tuple(MEASURES), nargs="+", default=list(MEASURES))
    parser.add_argument("--without-pandas", action="store_true", help="leave out the slowest of the others")
    wanted = parser.parse_args()
    BENCH.mkdir(exist_ok=True)
    plan = Plan(wanted.runs, BENCH / "log", not wanted.without_pandas)
    plan.log.unlink(missing_ok=True)
    _say(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}; details: {plan.log}")
    for lines in wanted.lines:
        given = _give(lines)
        for name in wanted.only:
            MEASURES[name](given, plan)


def measure_admit(given: Given, plan: Plan) -> None:
    """Ciphertext to Parquet against a bare DuckDB COPY of the plain CSV."""
    out, copy = given.room / "admitted", given.room / "copy.parquet"
    archive = next(given.folder.glob("*.pgp"))
    ours = _side("admit", archive, given.source, given.folder / "keyring", out, clear=out)
    other = _side("duckdb-copy", given.folder / "body.csv", copy, clear=copy)
    goal = "at most 1.2 times; under 512 MiB at both sizes"
    _report(f"admit: ciphertext to typed Parquet, {given.lines:,} lines", goal, (ours, other), plan)


def measure_reconcile(given: Given, plan: Plan) -> None:
    """All passes and reasons against a pandas outer merge, datacompy, and one bare join."""
    _install_others()
    out, floor, elsewhere = given.room / "outcomes", given.room / "join.parquet", given.room / "others"
    files = (given.folder / "lines", given.folder / "orders.parquet")
    sides = [
        _side("reconcile", *files, given.source, given.as_of, out, clear=out),
        _side("duckdb-join", *files, floor, clear=floor),
    ]
    for name in ("datacompy-polars", "pandas") if plan.pandas else ("datacompy-polars",):
        command = [OTHERS / "bin" / "python", ROOT / "benchmarks" / "others.py", name, *files, elsewhere]
        sides.append(Contender(name, [str(word) for word in command], _clearing(elsewhere)))
    goal = "at most 0.1 of pandas, at most 1.0 of datacompy on Polars"
    _report(f"reconcile: lines with orders, {given.lines:,} lines", goal, sides, plan)


def measure_publish(given: Given, plan: Plan) -> None:
    """The first publication of a day against a bare COPY of the same rows."""
    with running_postgres(BENCH / "postgres") as postgres:
        postgres.create("bench")
        url = postgres.url("bench")
        warehouse = {"CUADRE_BENCH_WAREHOUSE": url}
        rows = given.room / "rows.csv"

        def fresh() -> None:
            _execute(url, "DROP SCHEMA IF EXISTS recon CASCADE", "DROP TABLE IF EXISTS bare")
            migrate(url)
            _execute(url, "CHECKPOINT")

        def bare() -> None:
            _execute(url, "DROP TABLE IF EXISTS bare", "CREATE TABLE bare AS TABLE recon.recon_line WITH NO DATA")
            _execute(url, "CHECKPOINT")

        ours = _side("publish", given.folder / "lines", given.folder / "outcomes", given.source, DAY)
        ours = Contender(ours.name, ours.command, fresh, warehouse)
        fresh()
        subprocess.run(ours.command, env=os.environ | warehouse, check=True)
        _export(url, rows)
        other = _side("postgres-copy", rows, "bare")
        other = Contender(other.name, other.command, bare, warehouse)
        goal = "at most 1.5 times"
        _report(f"publish: a day's first publication, {given.lines:,} lines", goal, (ours, other), plan)
    shutil.rmtree(BENCH / "postgres")


MEASURES: dict[str, Callable[[Given, Plan], None]] = {
    "admit": measure_admit,
    "reconcile": measure_reconcile,
    "publish": measure_publish,
}


def _give(lines: int) -> Given:
    """The files of one size, made anew by a process of its own: a large parent would count in its children's peaks."""
    room = BENCH / f"{lines}"
    if room.exists():
        shutil.rmtree(room)
    room.mkdir()
    given = Given(lines, room / "given", room)
    _say(f"Making {lines:,} lines")
    subprocess.run([sys.executable, "-m", "benchmarks.given", str(lines), str(given.folder)], check=True)
    plain, sealed = (given.folder / "body.csv").stat().st_size, next(given.folder.glob("*.pgp")).stat().st_size
    _say(f"{plain / 1e6:,.0f} MB of CSV, {sealed / 1e6:,.0f} MB of ciphertext")
    return given


def _execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _export(url: str, rows: Path) -> None:
    with (
        psycopg.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy("COPY (SELECT * FROM recon.recon_line) TO STDOUT (FORMAT csv)") as copy,
        rows.open("wb") as file,
    ):
        for block in copy:
            file.write(block)


def _side(name: str, *arguments: object, clear: Path | None = None) -> Contender:
    command = [sys.executable, "-m", "benchmarks.sides", name, *(str(argument) for argument in arguments)]
    return Contender(name, command, _clearing(clear) if clear else lambda: None)


def _clearing(path: Path) -> Callable[[], None]:
    def clear() -> None:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)

    return clear


def _install_others() -> None:
    if (OTHERS / ".installed").exists():
        return
    _say("Making an environment for the others")
    subprocess.run([sys.executable, "-m", "venv", str(OTHERS)], check=True)
    pinned = ["--require-hashes", "-r", str(ROOT / "benchmarks" / "requirements.txt")]
    pip = [str(OTHERS / "bin" / "python"), "-m", "pip", "install", "--quiet", *pinned]
    subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    (OTHERS / ".installed").touch()


def _report(title: str, goal: str, sides: Sequence[Contender], plan: Plan) -> None:
    _say(title)
    results = duel(sides, plan.runs, plan.log)
    print(f"\n### {title}\n\nGoal: {goal}. Medians of {plan.runs} runs.\n")
    print("| side | wall | processor | peak memory | ours / it |")
    print("|---|---:|---:|---:|---:|")
    mine = results[sides[0].name]
    for name, found in results.items():
        print(_row(name, found, "" if found is mine else f"{ratio(mine, found):.2f}"))
    sys.stdout.flush()


def _row(name: str, runs: Sequence[Run], against: str) -> str:
    wall, cpu, peak = (median(runs, what) for what in ("wall", "cpu", "peak_mib"))
    return f"| {name} | {wall:.2f} s | {cpu:.2f} s | {peak:,.0f} MiB | {against} |"


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
