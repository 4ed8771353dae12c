"""A publication that is killed, or meets another one: readers see the old day or the new day, never half."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cuadre.config import Source
from cuadre.marts import DayFiles
from cuadre.pipeline.publish import publish
from tests.marts.conftest import Reader
from tests.marts.days import LATER, NOON, judged, plain

MARTS = ("recon_line", "recon_break", "recon_daily", "settlement_batch", "fee_audit", "check_result", "run_receipt")
POINTS = {
    "before anything": "SELECT pg_advisory_xact_lock(hashtext('cuadre.publish'), hashtext('pagoefectivo_pe'))",
    "before the first row": "LOCK TABLE recon.recon_line_history IN EXCLUSIVE MODE",
    "between two marts": "LOCK TABLE recon.fee_audit_history IN EXCLUSIVE MODE",
    "between COPY and commit": "LOCK TABLE recon.run_receipt_history IN EXCLUSIVE MODE",
}
"""Where to hold a publication: it waits for this lock, and everything before it is done."""


def _facts(read: Reader) -> dict[str, list[dict[str, Any]]]:
    """What is believed, without since when."""
    ignored = {"known_from", "published_at", "checked_at"}
    return {
        mart: [
            {name: value for name, value in row.items() if name not in ignored}
            for row in read(f"SELECT * FROM recon.{mart} ORDER BY 1, 2, 3, 4")
        ]
        for mart in MARTS
    }


def _corrected(folder: Path) -> DayFiles:
    story = plain()
    outcomes = (*story.outcomes[:2], judged(story.lines[2]), story.outcomes[3])
    return story.but(outcomes=outcomes).write(folder)


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def _waiting(read: Reader) -> bool:
    return bool(
        read(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'cuadre' AND wait_event_type = 'Lock' "
            "AND datname = current_database()"
        )
    )


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_publication_leaves_the_old_day_whole_and_a_second_run_completes_it(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path, point: str
) -> None:
    publish(plain().write(tmp_path / "old"), source, url=warehouse_url, now=NOON)
    old, day = _facts(read), _corrected(tmp_path / "new")

    with psycopg.connect(warehouse_url) as holder:
        holder.execute(POINTS[point])
        # A process of its own, started afresh: SIGKILL gives it no chance to tidy up.
        child = multiprocessing.get_context("spawn").Process(
            target=publish, args=(day, source), kwargs={"url": warehouse_url, "now": LATER}
        )
        child.start()
        _until(lambda: _waiting(read))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert child.exitcode == -signal.SIGKILL
        holder.rollback()
    _until(lambda: not read("SELECT 1 FROM pg_stat_activity WHERE application_name = 'cuadre' AND state <> 'idle'"))
    assert _facts(read) == old

    publish(day, source, url=warehouse_url, now=LATER)
    after_kill = _facts(read)
    assert after_kill != old
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("TRUNCATE " + ", ".join(f"recon.{mart}_history" for mart in MARTS))
    publish(day, source, url=warehouse_url, now=LATER)
    assert _facts(read) == after_kill


def test_a_reader_sees_the_old_day_until_the_new_one_is_committed(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    publish(plain().write(tmp_path / "old"), source, url=warehouse_url, now=NOON)
    old, day = _facts(read), _corrected(tmp_path / "new")
    with psycopg.connect(warehouse_url) as holder:
        holder.execute(POINTS["between COPY and commit"])
        writer = threading.Thread(target=publish, args=(day, source), kwargs={"url": warehouse_url, "now": LATER})
        writer.start()
        _until(lambda: _waiting(read))
        assert _facts(read) == old
        holder.rollback()
    writer.join()
    assert _facts(read) != old


def test_two_publications_of_one_day_at_once_give_one_day(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    days = [plain().write(tmp_path / str(n)) for n in range(4)]
    start = threading.Barrier(len(days))
    changed: list[bool] = []

    def one(day: DayFiles) -> None:
        start.wait()
        changed.append(publish(day, source, url=warehouse_url, now=NOON).changed)

    threads = [threading.Thread(target=one, args=(day,)) for day in days]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(changed) == [False, False, False, True]
    assert len(read("SELECT * FROM recon.recon_line_history")) == 5
