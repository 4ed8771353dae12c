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
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg

from benchmarks.measure import Contender, Run, duel, median, ratio
from cuadre.config import load_source
from cuadre.marts import migrate
from cuadre.pipeline.admit import admit
from cuadre.pipeline.reconcile import reconcile
from cuadre.sandbox.archive import SandboxDay, make_archive
from cuadre.sandbox.postgres import running_postgres
from cuadre.trust import private_home

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / ".bench"
OTHERS = BENCH / "venv"
DAY = date(2026, 3, 4)
SEED = 7


@dataclass(frozen=True, slots=True)
class Input:
    """Everything both sides need for one size. `csv` is the plain file without its header and trailer records."""

    made: SandboxDay
    csv: Path
    lines: Path
    outcomes: Path
    room: Path


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our side, the others, and what was aimed at, in words."""

    title: str
    goal: str
    ours: Contender
    others: tuple[Contender, ...]


def main() -> None:
    """Measure at each size and print one table for each comparison."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each side, after one warm-up")
    parser.add_argument("--only", choices=("admit", "reconcile", "publish"), nargs="+")
    parser.add_argument("--without-pandas", action="store_true", help="leave out the slowest of the others")
    wanted = parser.parse_args()
    BENCH.mkdir(exist_ok=True)
    log = BENCH / "log"
    log.unlink(missing_ok=True)
    _say(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, details in {log}")
    for lines in wanted.lines:
        given = _input(lines)
        for name in wanted.only or ("admit", "reconcile", "publish"):
            MEASURES[name](given, lines, wanted.runs, log, not wanted.without_pandas)


def measure_admit(given: Input, lines: int, runs: int, log: Path, _: bool) -> None:
    """Ciphertext to Parquet against a bare DuckDB COPY of the plain CSV."""
    out, copy = given.room / "admitted", given.room / "copy.parquet"
    made = given.made
    ours = _side("admit", str(made.archives[0]), str(made.source), str(made.keyring), str(out), clear=out)
    other = _side("duckdb-copy", str(given.csv), str(copy), clear=copy)
    goal = "at most 1.2 times; under 512 MiB at both sizes"
    _report(Comparison("admit: ciphertext to typed Parquet", goal, ours, (other,)), lines, runs, log)


def measure_reconcile(given: Input, lines: int, runs: int, log: Path, pandas: bool) -> None:
    """All passes and reasons against a pandas outer merge, datacompy, and one bare join."""
    _install_others()
    out, floor, elsewhere = given.room / "outcomes", given.room / "join.parquet", given.room / "others"
    made, as_of = given.made, given.made.as_of.isoformat()
    files = (str(given.lines), str(made.orders))
    ours = _side("reconcile", *files, str(made.source), as_of, str(out), clear=out)
    names = ("datacompy-polars", "pandas") if pandas else ("datacompy-polars",)
    others = [_side("duckdb-join", *files, str(floor), clear=floor)]
    for name in names:
        script = str(ROOT / "benchmarks" / "others.py")
        command = [str(OTHERS / "bin" / "python"), script, name, *files, str(elsewhere)]
        others.append(Contender(name, command, _clearing(elsewhere)))
    goal = "at most 0.1 of pandas, at most 1.0 of datacompy on Polars"
    _report(Comparison("reconcile: lines with orders", goal, ours, tuple(others)), lines, runs, log)


def measure_publish(given: Input, lines: int, runs: int, log: Path, _: bool) -> None:
    """The first publication of a day against a bare COPY of the same rows."""
    with running_postgres(BENCH / "postgres") as postgres:
        postgres.create("bench")
        url = postgres.url("bench")
        rows = given.room / "rows.csv"

        def fresh() -> None:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("DROP SCHEMA IF EXISTS recon CASCADE")
                connection.execute("DROP TABLE IF EXISTS bare")
            migrate(url)

        fresh()
        warehouse = {"CUADRE_BENCH_WAREHOUSE": url}
        arguments = (str(given.lines), str(given.outcomes), str(given.made.source), DAY.isoformat())
        ours = Contender("publish", [sys.executable, "-m", "benchmarks.sides", "publish", *arguments], fresh, warehouse)
        subprocess.run(ours.command, env=os.environ | warehouse, check=True)
        _export(url, rows)

        def bare() -> None:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("DROP TABLE IF EXISTS bare")
                connection.execute("CREATE TABLE bare AS TABLE recon.recon_line WITH NO DATA")
                connection.execute("CHECKPOINT")

        command = [sys.executable, "-m", "benchmarks.sides", "postgres-copy", str(rows), "bare"]
        other = Contender("postgres-copy", command, bare, warehouse)
        goal = "at most 1.5 times"
        _report(Comparison("publish: a day's first publication", goal, ours, (other,)), lines, runs, log)


MEASURES: dict[str, Callable[[Input, int, int, Path, bool], None]] = {
    "admit": measure_admit,
    "reconcile": measure_reconcile,
    "publish": measure_publish,
}


def _input(lines: int) -> Input:
    """The files of one size, made once and kept."""
    room = BENCH / f"{lines}"
    source = load_source(ROOT / "include" / "sources" / "pagoefectivo_pe.yaml")
    given = room / "given"
    if given.exists():
        shutil.rmtree(given)
    _say(f"Making {lines:,} lines")
    made = make_archive(source, DAY, lines=lines, seed=SEED, out=given)
    csv = given / "body.csv"
    _decrypt(made, csv)
    made_source = load_source(made.source)
    admission = admit(made.archives[0], made_source, keyring=made.keyring, out=given / "lines", now=made.as_of)
    assert admission.verdict == "admitted", admission
    reconcile(lines=given / "lines", orders=made.orders, source=made_source, as_of=made.as_of, out=given / "outcomes")
    size, sealed = csv.stat().st_size, made.archives[0].stat().st_size
    _say(f"{size / 1e6:,.0f} MB of CSV, {sealed / 1e6:,.0f} MB of ciphertext")
    return Input(made, csv, given / "lines", given / "outcomes", room)


def _decrypt(made: SandboxDay, csv: Path) -> None:
    packed = csv.with_suffix(".zip")
    with private_home(made.keyring) as home:
        gpg = ["gpg", "--homedir", str(home), "--batch", "--trust-model", "always", "--yes", "-o", str(packed)]
        subprocess.run([*gpg, "--decrypt", str(made.archives[0])], check=True, capture_output=True)
    with zipfile.ZipFile(packed) as archive, archive.open(archive.namelist()[0]) as plain, csv.open("wb") as body:
        plain.readline()
        for line in plain:
            if not line.startswith(b"TRAILER,"):
                body.write(line)
    packed.unlink()


def _export(url: str, rows: Path) -> None:
    with (
        psycopg.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy("COPY (SELECT * FROM recon.recon_line) TO STDOUT (FORMAT csv)") as copy,
        rows.open("wb") as file,
    ):
        for block in copy:
            file.write(block)


def _side(name: str, *arguments: str, clear: Path) -> Contender:
    return Contender(name, [sys.executable, "-m", "benchmarks.sides", name, *arguments], _clearing(clear))


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
    install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "-r",
        str(ROOT / "benchmarks" / "requirements.txt"),
    ]
    subprocess.run([str(OTHERS / "bin" / "python"), *install], check=True, stderr=subprocess.DEVNULL)
    (OTHERS / ".installed").touch()


def _report(comparison: Comparison, lines: int, runs: int, log: Path) -> None:
    _say(f"{comparison.title}, {lines:,} lines")
    results = duel((comparison.ours, *comparison.others), runs, log)
    print(f"\n### {comparison.title}, {lines:,} lines\n\nGoal: {comparison.goal}. Medians of {runs} runs.\n")
    print("| side | wall | processor | peak memory | ours / it |")
    print("|---|---:|---:|---:|---:|")
    mine = results[comparison.ours.name]
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
