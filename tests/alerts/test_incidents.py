"""Incidents open once, are updated, and recover; whatever fails, they are told and written down."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cuadre.alerts import Change, open_incidents, settle
from cuadre.config import Source
from cuadre.model.codes import IncidentKind, IncidentState
from cuadre.model.records import Finding
from tests.alerts.conftest import Pager

DAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
REJECTED = Finding(IncidentKind.archive_rejected, "TAMPERED: bytes were changed.", keys=("TAMPERED",))

Settle = Callable[..., list[Change]]


@pytest.fixture
def local_file(tmp_path: Path) -> Path:
    return tmp_path / "alerts" / "alerts.jsonl"


@pytest.fixture
def run(warehouse_url: str, source: Source, pager: Pager, local_file: Path) -> Settle:
    """`settle` on one day, with the pager as channel; say otherwise by name."""

    def call(*findings: Finding, judged: tuple[IncidentKind, ...] = (), **otherwise: Any) -> list[Change]:
        settings: dict[str, Any] = {"url": warehouse_url, "now": NOW, "channels": (pager.url,)}
        return settle(findings, judged, source=source, day=DAY, local_file=local_file, **(settings | otherwise))

    return call


def _rows(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT kind, state, times, cause FROM recon.incident ORDER BY kind").fetchall()


def _written(local_file: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in local_file.read_text().splitlines()]


def test_a_finding_opens_an_incident_and_tells_what_to_do(
    run: Settle, warehouse_url: str, pager: Pager, local_file: Path
) -> None:
    money = Finding(
        IncidentKind.break_ratio, "Too many.", 12, {"PEN": Decimal("1204.5"), "USD": Decimal(3)}, ("a", "b")
    )
    (change,) = run(money)

    assert (change.what, change.recorded, change.incident.money) == ("opened", True, "PEN 1,204.50, USD 3.00")
    assert _rows(warehouse_url) == [("break_ratio", "open", 1, "Too many.")]
    message = pager.messages[0]
    assert message["title"] == "[opened] Too many breaks: pagoefectivo_pe, 2026-03-04"
    assert "Money at risk: PEN 1,204.50, USD 3.00" in message["message"]
    assert "Run book: docs/runbooks/break_ratio.md" in message["message"]
    assert _written(local_file)[0]["incident"]["incident_id"] == "pagoefectivo_pe/2026-03-04/break_ratio"
    assert stat.S_IMODE(local_file.stat().st_mode) == 0o600


def test_the_same_finding_again_is_counted_and_not_told_again(run: Settle, warehouse_url: str, pager: Pager) -> None:
    run(REJECTED)
    (change,) = run(REJECTED, now=LATER)

    assert (change.what, change.incident.times, change.incident.opened_at) == ("updated", 2, NOW)
    assert _rows(warehouse_url) == [("archive_rejected", "open", 2, "TAMPERED: bytes were changed.")]
    assert len(pager.messages) == 1


def test_news_of_an_open_incident_is_told(run: Settle, pager: Pager) -> None:
    run(REJECTED)
    run(Finding(IncidentKind.archive_rejected, "UNSIGNED: no signature."), now=LATER)

    assert [title.split()[0] for title in pager.titles] == ["[opened]", "[updated]"]
    assert "Seen 2 times since 2026-03-05 12:00 UTC" in pager.messages[1]["message"]


def test_what_a_run_could_judge_and_did_not_find_recovers(run: Settle, warehouse_url: str, pager: Pager) -> None:
    run(REJECTED, Finding(IncidentKind.break_ratio, "Too many."))
    (change,) = run(judged=(IncidentKind.archive_rejected,), now=LATER)

    assert (change.what, change.incident.state, change.incident.recovered_at) == (
        "recovered",
        IncidentState.RECOVERED,
        LATER,
    )
    assert pager.titles[-1] == "[recovered] An archive was refused: pagoefectivo_pe, 2026-03-04"
    assert [row[:2] for row in _rows(warehouse_url)] == [("archive_rejected", "recovered"), ("break_ratio", "open")]
    assert run(judged=(IncidentKind.archive_rejected,), now=LATER) == []


def test_a_recovered_incident_opens_again_with_its_id(run: Settle, warehouse_url: str) -> None:
    run(REJECTED)
    run(judged=tuple(IncidentKind))
    (change,) = run(REJECTED, now=LATER)

    assert (change.what, change.incident.times, change.incident.recovered_at) == ("opened", 2, None)
    assert open_incidents(warehouse_url, "pagoefectivo_pe", DAY) == (change.incident,)


def test_several_findings_of_one_kind_are_one_incident(run: Settle) -> None:
    other = Finding(IncidentKind.archive_rejected, "UNSIGNED: no signature.", 2, keys=("UNSIGNED",))
    (change,) = run(REJECTED, other)

    assert (change.incident.count, change.incident.keys) == (3, "TAMPERED, UNSIGNED")
    assert change.incident.cause == "TAMPERED: bytes were changed. UNSIGNED: no signature."


def test_two_at_once_open_one_incident_and_tell_it_once(run: Settle, warehouse_url: str, pager: Pager) -> None:
    start = threading.Barrier(4)
    changes: list[Change] = []

    def one() -> None:
        start.wait()
        changes.extend(run(REJECTED))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(change.what for change in changes) == ["opened", "updated", "updated", "updated"]
    assert _rows(warehouse_url) == [("archive_rejected", "open", 4, "TAMPERED: bytes were changed.")]
    assert len(pager.messages) == 1


@pytest.mark.parametrize("away", ["no URL", "no server", "no schema"])
def test_without_the_warehouse_it_is_told_all_the_same(
    run: Settle, pager: Pager, local_file: Path, database_url: str, tmp_path: Path, away: str
) -> None:
    url = {"no URL": None, "no server": f"postgresql://u:s3cret@/db?host={tmp_path}", "no schema": database_url}[away]
    (change,) = run(REJECTED, url=url)

    assert not change.recorded
    assert "state is not recorded" in pager.messages[0]["message"]
    assert _written(local_file)[0]["recorded"] is False


def test_a_failing_channel_hides_neither_the_others_nor_the_incident(
    run: Settle, warehouse_url: str, pager: Pager, local_file: Path
) -> None:
    nobody = "json://127.0.0.1:1/"
    (change,) = run(REJECTED, channels=(nobody, "not an address", pager.url))

    assert [(each.channel, each.delivered) for each in change.deliveries] == [
        ("1 (json)", False),
        ("2", False),
        ("3 (json)", True),
    ]
    assert len(_rows(warehouse_url)) == len(pager.messages) == 1
    assert [each["delivered"] for each in _written(local_file)[0]["channels"]] == [False, False, True]


def test_a_channel_that_answers_with_an_error_is_reported_without_its_secret(
    run: Settle, pager: Pager, local_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pager.status = 500
    (change,) = run(REJECTED)

    assert [each.delivered for each in change.deliveries] == [False]
    assert "s3cret" not in local_file.read_text() + repr(change) + caplog.text


def test_a_local_file_that_cannot_be_written_is_reported(run: Settle, pager: Pager, tmp_path: Path) -> None:
    (tmp_path / "alerts").write_text("a file where the folder should be")
    (change,) = run(REJECTED)

    assert change.deliveries[-1].channel == "local file"
    assert not change.deliveries[-1].delivered
    assert len(pager.messages) == 1
