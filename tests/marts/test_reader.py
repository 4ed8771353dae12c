"""A reader in a loop, while a day is published a hundred times over and its publishers are killed: never half a day."""

from __future__ import annotations

import multiprocessing
import random
import signal
from contextlib import closing
from itertools import count
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cuadre.config import Source
from cuadre.marts import DayFiles
from cuadre.pipeline.publish import publish
from tests.marts.days import NOON, judged, missing, plain

PUBLICATIONS = 100
SUMS = """
    SELECT 'recon_line', count(*), sum(got), count(*) FILTER (WHERE outcome = 'matched') FROM recon.recon_line
    UNION ALL SELECT 'recon_break', count(*), sum(at_risk), count(*) FROM recon.recon_break WHERE status = 'open'
    UNION ALL SELECT 'recon_daily', sum(items), sum(unreconciled), sum(matched) FROM recon.recon_daily
    UNION ALL SELECT 'fee_audit', sum(payments), sum(fee_charged), sum(deviating) FROM recon.fee_audit
    UNION ALL SELECT 'run_receipt', sum(items), NULL, sum(lines) FROM recon.run_receipt
    ORDER BY 1
"""
"""What every mart adds up to, in one statement."""

Sums = list[tuple[Any, ...]]


def _versions(folder: Path) -> tuple[DayFiles, DayFiles]:
    """One day, judged in two ways that differ in every mart that is read."""
    one = plain()
    other = one.but(
        lines=one.lines[1:],
        outcomes=(
            *one.outcomes[1:2],
            judged(one.lines[2]),
            one.outcomes[3],
            missing("ORDER7", "3"),
            missing("O8", "1"),
        ),
    )
    return one.write(folder / "one"), other.write(folder / "other")


def _sums(connection: psycopg.Connection[Any]) -> Sums:
    return connection.execute(SUMS).fetchall()


def _read(url: str, known: list[Sums], stop: Any, found: Any) -> None:
    """Until `stop`, read in one statement, and in one transaction mart by mart; say what was seen."""
    seen, strange = [0, 0], []
    with psycopg.connect(url, autocommit=True) as connection:
        while not stop.is_set():
            with connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                readings = [_sums(connection), _sums(connection)]
            readings.append(_sums(connection))
            if readings[0] != readings[1]:
                strange.append(readings)
            for reading in readings:
                if reading in known:
                    seen[known.index(reading)] += 1
                else:
                    strange.append(reading)
            stop.wait(0.005)
    found.put((seen, strange))


def _publish_on(url: str, days: tuple[DayFiles, DayFiles], source: Source, begun: Any) -> None:
    """Publish one version after the other until the process is killed."""
    for number in count():
        with begun.get_lock():
            begun.value += 1
        publish(days[number % 2], source, url=url, now=NOON)


@pytest.fixture
def processes() -> ForkServerContext:
    """Starts processes in a moment: a server has imported what they need, and has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["cuadre.pipeline.publish", __name__])
    return context


def test_a_reader_in_a_loop_sees_one_version_or_the_other_and_never_half_a_day(
    warehouse_url: str, source: Source, processes: ForkServerContext, tmp_path: Path
) -> None:
    days = _versions(tmp_path)
    known = []
    with closing(psycopg.connect(warehouse_url, autocommit=True)) as connection:
        for day in days:
            publish(day, source, url=warehouse_url, now=NOON)
            known.append(_sums(connection))
    assert all(one != other for one, other in zip(*known, strict=True))

    stop, found, begun = processes.Event(), processes.Queue(), processes.Value("i", 0)
    reader = processes.Process(target=_read, args=(warehouse_url, known, stop, found), daemon=True)
    reader.start()
    chance, killed = random.Random(4), 0
    while begun.value < PUBLICATIONS:
        publisher = processes.Process(target=_publish_on, args=(warehouse_url, days, source, begun), daemon=True)
        until = begun.value + chance.randint(1, 3)
        publisher.start()
        while begun.value < until:
            assert publisher.is_alive()
            publisher.join(0.002)
        publisher.join(chance.uniform(0, 0.15))
        publisher.kill()
        publisher.join()
        killed += publisher.exitcode == -signal.SIGKILL
    stop.set()
    seen, strange = found.get(timeout=60)
    reader.join()

    assert strange == []
    assert (min(seen) > 0, killed > PUBLICATIONS // 6) == (True, True)
    publish(days[0], source, url=warehouse_url, now=NOON)
    with psycopg.connect(warehouse_url) as connection:
        assert _sums(connection) == known[0]
