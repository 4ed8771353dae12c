"""What is compared with what: each function runs our step beside the bare engines and other tools doing the same job.

What does not live here: the files both are given (`given.py`), the sides themselves (`sides.py`, `others.py`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from benchmarks.given import DAY
from benchmarks.measure import Contender, Measurement, duel, median, ratio
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
    """How often, where the sides' output goes, whether the slowest of the others runs too, and a warm-up before all."""

    runs: int
    log: Path
    pandas: bool
    warm_up: bool


def measure_admit(given: Given, plan: Plan) -> None:
    """Ciphertext to Parquet against a bare DuckDB COPY of the plain CSV."""
    out, copy = given.room / "admitted", given.room / "copy.parquet"
    archive = next(given.folder.glob("*.pgp"))
    ours = _side("admit", archive, given.source, given.folder / "keyring", out, clear=out)
    other = _side("duckdb-copy", given.folder / "body.csv", copy, clear=copy)
    goal = "at most 1.2 times, 1.0 at five million lines; under 400 MiB at every size"
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
    goal = "at most 0.1 of pandas, and 0.5 of datacompy on Polars; under 2 GB"
    _report(f"reconcile: lines with orders, {given.lines:,} lines", goal, sides, plan)


def measure_publish(given: Given, plan: Plan) -> None:
    """A day's first publication against a bare COPY of the same rows, and the same day published again unchanged."""
    with _warehouse() as warehouse:
        ours = replace(_publish(given, warehouse), prepare=warehouse.fresh)
        _run(ours)
        other = replace(
            _side("postgres-copy", warehouse.export(given.room), "bare"),
            prepare=warehouse.bare,
            environment=warehouse.environment,
        )
        again = replace(_publish(given, warehouse), name="publish again", prepare=lambda: _run(ours))
        title = f"publish: a day's first publication, {given.lines:,} lines"
        _report(
            title,
            "at most 1.5 times the COPY; publishing again at most a third, so at least 3 times that",
            (ours, other, again),
            plan,
        )


def measure_day(given: Given, plan: Plan) -> None:
    """A whole day, admit to publish, each step a process of its own, against the sum of its bare parts.

    And against the same day when a tenth as many items were open before it.
    """
    room, earlier = given.room / "day", given.room / "earlier"
    archive = next(given.folder.glob("*.pgp"))
    _run(_side("open-items", given.folder, earlier, given.lines // 10))
    with _warehouse() as warehouse:
        _run(replace(_publish(given, warehouse), prepare=warehouse.fresh))
        rows = warehouse.export(given.room)

        def before() -> None:
            _clearing(room)()
            warehouse.fresh()
            warehouse.bare()

        words = (archive, given.source, given.folder, given.as_of, DAY, room)
        alike = (
            _side("day", *words),
            _side("bare-day", given.folder, rows, room),
            replace(_side("day", *words, earlier / "open_items.parquet"), name="day with open items"),
        )
        sides = [replace(side, prepare=before, environment=warehouse.environment) for side in alike]
        goal = "at most 2.0 times the bare parts, under 8 GB; at least 0.83 times what it takes with open items"
        _report(f"day: admit to publish, {given.lines:,} lines, {given.lines // 10:,} open items", goal, sides, plan)


MEASURES: dict[str, Callable[[Given, Plan], None]] = {
    "admit": measure_admit,
    "reconcile": measure_reconcile,
    "publish": measure_publish,
    "day": measure_day,
}


@dataclass(frozen=True, slots=True)
class _Warehouse:
    """An empty PostgreSQL, and what makes each publication and each bare COPY start alike."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        return {"CUADRE_BENCH_WAREHOUSE": self.url}

    def fresh(self) -> None:
        _execute(self.url, "DROP SCHEMA IF EXISTS recon CASCADE", "DROP TABLE IF EXISTS bare")
        migrate(self.url)
        _execute(self.url, "CHECKPOINT")

    def bare(self) -> None:
        make = "CREATE TABLE bare AS TABLE recon.recon_line WITH NO DATA"
        _execute(self.url, "DROP TABLE IF EXISTS bare", make, "CHECKPOINT")

    def export(self, room: Path) -> Path:
        """The published lines as CSV."""
        _export(self.url, room / "rows.csv")
        return room / "rows.csv"


@contextmanager
def _warehouse() -> Iterator[_Warehouse]:
    with running_postgres(BENCH / "postgres") as postgres:
        postgres.create("bench")
        yield _Warehouse(postgres.url("bench"))
    shutil.rmtree(BENCH / "postgres")


def _publish(given: Given, warehouse: _Warehouse) -> Contender:
    side = _side("publish", given.folder / "lines", given.folder / "outcomes", given.source, DAY)
    return replace(side, environment=warehouse.environment)


def _run(side: Contender) -> None:
    """Once, not measured."""
    side.prepare()
    subprocess.run(side.command, env=os.environ | side.environment, check=True)


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
    say("Making an environment for the others")
    subprocess.run([sys.executable, "-m", "venv", str(OTHERS)], check=True)
    pinned = ["--require-hashes", "-r", str(ROOT / "benchmarks" / "requirements.txt")]
    pip = [str(OTHERS / "bin" / "python"), "-m", "pip", "install", "--quiet", *pinned]
    subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    (OTHERS / ".installed").touch()


def _report(title: str, goal: str, sides: Sequence[Contender], plan: Plan) -> None:
    say(title)
    results = duel(sides, plan.runs, plan.log, warm_up=plan.warm_up)
    print(f"\n### {title}\n\nGoal: {goal}. Medians of {plan.runs} runs.\n")
    print("| side | wall | processor | peak memory | ours / it |")
    print("|---|---:|---:|---:|---:|")
    mine = results[sides[0].name]
    for name, found in results.items():
        print(_row(name, found, "" if found is mine else f"{ratio(mine, found):.2f}"))
    sys.stdout.flush()


def _row(name: str, runs: Sequence[Measurement], against: str) -> str:
    wall, cpu, peak = (median(runs, what) for what in ("wall", "cpu", "peak_mib"))
    return f"| {name} | {wall:.2f} s | {cpu:.2f} s | {peak:,.0f} MiB | {against} |"


def say(sentence: str) -> None:
    """Progress, on standard error."""
    print(sentence, file=sys.stderr, flush=True)
