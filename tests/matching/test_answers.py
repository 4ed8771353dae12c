"""The engine against the sandbox's planted truth: admitted lines of whole days, every row, in both directions."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cuadre.config import load_source
from cuadre.model.codes import Outcome
from cuadre.pipeline.admit import admit
from cuadre.pipeline.reconcile import reconcile

LINES = 50_000


def reconciled(day, folder, **given):
    """Admit the archives of a sandbox day and reconcile what was admitted."""
    source = load_source(day.source)
    for archive in day.archives:
        admission = admit(archive, source, keyring=day.keyring, out=folder / archive.name, now=day.as_of)
        assert admission.verdict == "admitted"
    lines = [part for archive in day.archives for part in (folder / archive.name).glob("lines*.parquet")]
    return reconcile(lines=lines, orders=day.orders, source=source, as_of=day.as_of, out=folder / "out", **given)


def rows(path):
    """How often each (archive, line, order, outcome) is there. The order counts where the answers name one."""
    table = pq.read_table(path, columns=["archive_id", "line_no", "order_id", "outcome"])
    return Counter(zip(*(column.to_pylist() for column in table.columns), strict=True))


def differences(report, day):
    """Rows that only one side has: found and not planted, planted and not found."""
    found, planted = rows(report.outcomes_path), rows(day.answers)
    return sorted((found - planted).items(), key=repr)[:5], sorted((planted - found).items(), key=repr)[:5]


@pytest.mark.parametrize("seed", range(1, 6))
def test_every_planted_row_is_found_and_nothing_else(sandbox_day, tmp_path, seed):
    day = sandbox_day(lines=LINES, seed=seed, breaks=0.02)
    report = reconciled(day, tmp_path)
    assert differences(report, day) == ([], [])
    assert {total.outcome for total in report.outcomes} == {outcome.name for outcome in Outcome}


def test_a_clean_day_has_no_break(sandbox_day, tmp_path):
    day = sandbox_day(lines=2_000, seed=9, parts=2)
    report = reconciled(day, tmp_path)
    assert (report.breaks, differences(report, day)) == (0, ([], []))


def test_the_next_day_uses_up_no_order_again(sandbox_day, tmp_path):
    first = sandbox_day(lines=2_000, seed=3, breaks=0.05)
    second = sandbox_day(lines=2_000, seed=4, breaks=0.05, day=first.day + timedelta(days=1), previous=first)
    before = reconciled(first, tmp_path / "first")
    assert differences(before, first) == ([], [])
    alone = reconciled(second, tmp_path / "alone", claims=second.claims)
    assert differences(alone, second) == ([], [])
    report = reconciled(
        second, tmp_path / "second", earlier=Path(before.outcomes_path), open_items=Path(before.open_items_path)
    )
    assert not rows(second.answers) - rows(report.outcomes_path)
    carried = pq.read_table(report.outcomes_path, filters=[("first_seen", "<", second.day)])
    assert 0 < carried.num_rows <= before.open_items
