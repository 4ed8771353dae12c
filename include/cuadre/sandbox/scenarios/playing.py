"""Scenarios played against the matching engine, row by row beside their answer keys.

All stories of the same rules are played in one shop, so that each stands amid the troubles of all others; a row counts
for the story it comes from. What does not live here: the keys, which the stories bring, and what is made of the
comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.config import Source
from cuadre.model.arrow import arrow_schema
from cuadre.model.codes import CLEARED, Outcome
from cuadre.model.columns import LINES, ORDERS, Table
from cuadre.pipeline.reconcile import reconcile
from cuadre.sandbox.scenarios.story import Answer, Key, Row, Run, Story

Scenario = Callable[[Story], None]


@dataclass(frozen=True, slots=True)
class Told:
    """A scenario told once: its name, the rules it is told under, and its days."""

    name: str
    source: Source
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """One row of one day: what is right of it, and what was found; None where a side has no such row."""

    name: str
    day: date
    key: Key
    right: Answer | None
    found: Outcome | None
    found_order: str | None

    @property
    def agrees(self) -> bool:
        """Whether the right outcome was found, for the right order."""
        return self.right is not None and (self.right.outcome, self.right.order_id) == (self.found, self.found_order)

    @property
    def cleared_falsely(self) -> bool:
        """Whether money was cleared that the key leaves open, or gives to another order."""
        if self.found not in CLEARED:
            return False
        return self.right is None or self.right.outcome not in CLEARED or self.right.order_id != self.found_order


def tell(scenarios: Iterable[Scenario], seeds: Iterable[int]) -> list[Told]:
    """Every scenario with every seed; no reference of one is a reference of another."""
    used: set[str] = set()
    told = []
    for scenario in scenarios:
        for seed in seeds:
            story = Story(f"{scenario.__name__} {seed}", used)
            scenario(story)
            told.append(Told(scenario.__name__, story.source, story.end()))
    return told


def play(told: Sequence[Told], folder: Path) -> list[Judged]:
    """Reconcile all days of all stories in `folder`, and judge every row of every day."""
    judged: list[Judged] = []
    for number, together in enumerate(_by_rules(told)):
        latest: dict[date, Path] = {}
        for day, turn, runs in _turns(together):
            earlier = {before: outcomes for before, outcomes in latest.items() if before < day}
            now = [each[min(turn, len(each) - 1)] for each in runs if each]
            latest[day] = _reconciled(now, together[0].source, earlier, folder / f"{number}-{day}-{turn}")
            found = rows_of(latest[day])
            for story, each in zip(together, runs, strict=True):
                if turn < len(each):
                    judged += _judged(story, each[turn], found)
    return judged


def judge(name: str, day: date, answers: dict[Key, Answer], found: dict[Key, Row]) -> list[Judged]:
    """Every row that the key or what was found has."""
    judged = []
    for key in sorted({*answers, *found}, key=str):
        row = found.get(key)
        outcome, order_id = (Outcome[row["outcome"]], row["order_id"]) if row else (None, None)
        judged.append(Judged(name, day, key, answers.get(key), outcome, order_id))
    return judged


def rows_of(outcomes: Path) -> dict[Key, Row]:
    """The rows of the file; AssertionError when a line or an order without one has two."""
    rows = pq.read_table(outcomes, columns=["archive_id", "line_no", "order_id", "outcome"]).to_pylist()
    found: dict[Key, Row] = {key_of(row): row for row in rows}
    if len(found) < len(rows):
        raise AssertionError("two outcomes for one line or one order")
    return found


def key_of(row: Row) -> Key:
    """The key of a row of the outcomes, or of anything with its columns."""
    return (row["archive_id"], row["line_no"], None) if row["archive_id"] else (None, None, row["order_id"])


def _by_rules(told: Sequence[Told]) -> list[list[Told]]:
    """The stories told under the same source file, together."""
    rules: dict[str, list[Told]] = {}
    for each in told:
        rules.setdefault(each.source.model_dump_json(), []).append(each)
    return list(rules.values())


def _turns(told: Sequence[Told]) -> Iterator[tuple[date, int, list[list[Run]]]]:
    """Every day as often as any story has it restated, with the runs of each story on that day."""
    for day in sorted({run.day for each in told for run in each.runs}):
        runs = [[run for run in each.runs if run.day == day] for each in told]
        for turn in range(max(len(each) for each in runs)):
            yield day, turn, runs


def _judged(story: Told, run: Run, found: dict[Key, Row]) -> list[Judged]:
    archives = {line["archive_id"] for each in story.runs for line in each.lines}
    orders = {order["order_id"] for order in run.orders}
    mine = {key: row for key, row in found.items() if key[0] in archives or (key[0] is None and key[2] in orders)}
    return judge(story.name, run.day, run.answers, mine)


def _reconciled(runs: Sequence[Run], source: Source, earlier: dict[date, Path], folder: Path) -> Path:
    """Reconcile one day on what the latest runs of earlier days left; returns its outcomes."""
    folder.mkdir(parents=True)
    report = reconcile(
        lines=_written(folder / "lines.parquet", LINES, (line for run in runs for line in run.lines)),
        orders=_written(folder / "orders.parquet", ORDERS, (order for run in runs for order in run.orders)),
        source=source,
        as_of=runs[0].as_of,
        out=folder / "out",
        settlement_date=runs[0].day,
        open_items=earlier[max(earlier)].with_name("open_items.parquet") if earlier else None,
        earlier=list(earlier.values()),
    )
    return Path(report.outcomes_path)


def _written(path: Path, table: Table, rows: Iterable[Row]) -> Path:
    given = list(rows)
    optional = {name for row in given for name in row}
    pq.write_table(pa.Table.from_pylist(given, arrow_schema(table, optional)), path)
    return path
