"""Whole days of the sandbox as scenarios: every kind of break it can plant at once, from sealed archives."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from cuadre.config import load_source
from cuadre.model.codes import CLEARED, Outcome
from cuadre.pipeline.admit import admit
from cuadre.pipeline.reconcile import reconcile
from cuadre.sandbox.archive import SandboxDay, make_archive
from cuadre.sandbox.scenarios.playing import Judged, judge, key_of, rows_of
from cuadre.sandbox.scenarios.story import FIRST_DAY, SOURCE, Answer, Key, Row

NAME = "mixed_days"
SENTENCE = "All breaks the sandbox plants, and exchanged payments, on one day that is sealed, admitted and reconciled."
LINES, BREAKS, EXCHANGED = 1_500, 0.2, 0.1


def mixed_days(seeds: Iterable[int], folder: Path) -> list[Judged]:
    """Make, admit and reconcile a day for each seed in `folder`, and judge its rows by the answers planted."""
    judged: list[Judged] = []
    for seed in seeds:
        here = folder / f"{NAME}-{seed}"
        day = make_archive(
            SOURCE,
            FIRST_DAY,
            lines=LINES,
            seed=seed,
            breaks=BREAKS,
            exchanged=EXCHANGED,
            out=here,
            keys=folder / "keys",
            parts=2,
        )
        source = load_source(day.source)
        lines = []
        for archive in day.archives:
            admit(archive, source, keyring=day.keyring, out=here / archive.stem, now=day.as_of)
            lines += sorted((here / archive.stem).glob("lines*.parquet"))
        report = reconcile(lines=lines, orders=day.orders, source=source, as_of=day.as_of, out=here / "out")
        judged += judge(NAME, day.day, _answers(day, lines), rows_of(Path(report.outcomes_path)))
    return judged


def _answers(day: SandboxDay, lines: list[Path]) -> dict[Key, Answer]:
    """The answers planted, with the money of the line or, without one, of the order."""
    money: dict[Key, Row] = {}
    for path in lines:
        columns = pq.read_table(path, columns=["archive_id", "line_no", "currency", "gross"])
        money |= {key_of({**row, "order_id": None}): row for row in columns.to_pylist()}
    for row in pq.read_table(day.orders, columns=["order_id", "currency", "amount"]).to_pylist():
        money[None, None, row["order_id"]] = row
    answers: dict[Key, Answer] = {}
    for row in pq.read_table(day.answers).to_pylist():
        key, outcome = key_of(row), Outcome[row["outcome"]]
        of = money[key]
        amount = abs(of["gross"] if "gross" in of else of["amount"])
        pays = row["order_id"] if outcome in CLEARED else None
        answers[key] = Answer(outcome, row["order_id"], pays, amount, of["currency"])
    return answers
