"""What was believed at a moment, and what became of open breaks between two of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from cuadre.cli.app import app
from cuadre.config import Source
from cuadre.marts.functions import as_of_name
from cuadre.marts.history import BELIEVED
from cuadre.marts.movement import Movement, movements
from cuadre.model.columns import MOVEMENT
from cuadre.model.errors import ConfigurationError
from cuadre.pipeline.publish import publish
from tests.marts.conftest import Reader
from tests.marts.days import NEXT, NOON, Row, Story, judged, line, missing, plain, reason, still_open

MOMENTS = tuple(NOON + timedelta(hours=hours) for hours in range(3))
BEFORE = NOON - timedelta(seconds=1)
OTHER = line(9, currency="USD", gross=Decimal(20))


def _story() -> Story:
    """As `plain`, with a break in dollars: three breaks in all."""
    stranger = judged(OTHER, "missing_in_orders", order_id=None, expected=None, delta=Decimal(20))
    return plain().but(lines=(*plain().lines, OTHER), outcomes=(*plain().outcomes, stranger))


def _restated() -> Story:
    """The same day: one break less, one of another amount, one of another outcome, and a new one."""
    story = _story()
    kept = tuple(row for row in story.outcomes if row["outcome"] in {"matched", "not_an_order"})[1:]
    less = [reason("AMOUNT_DIFFERS", field="gross", expected="95", got="90", delta=Decimal(-5))]
    return story.but(
        outcomes=(
            *kept,
            judged(story.lines[2], "amount_mismatch", expected=Decimal(95), delta=Decimal(-5), reasons=less),
            judged(OTHER, "ambiguous", expected=None, delta=None),
            missing("ORDER8", "7"),
            judged(story.lines[0], "status_mismatch"),
        )
    )


def _day_after() -> Story:
    """The next day, on which the missing order is still missing and the line of the wrong amount is settled."""
    opened = _restated()
    carried = [row for row in opened.outcomes if row["outcome"] in {"amount_mismatch", "missing_in_settlement"}]
    lines = {row["item_id"]: opened.lines[2] for row in carried if row["line_no"]}
    today: list[Row] = [
        row | {"outcome": "matched", "reasons": []} if row["item_id"] in lines else row for row in carried
    ]
    return Story(
        outcomes=tuple(row | {"settlement_date": NEXT, "age_days": 1} for row in today),
        opened=tuple(still_open(row, lines.get(row["item_id"])) for row in carried),
        admissions=(),
        day=NEXT,
    )


@pytest.fixture
def snapshots(warehouse_url: str, source: Source, tmp_path: Path) -> list[dict[str, list[Any]]]:
    """The marts as the views showed them after each of three publications, at MOMENTS."""
    shown = []
    for number, (story, at) in enumerate(zip((_story(), _restated(), _day_after()), MOMENTS, strict=True)):
        publish(story.write(tmp_path / str(number)), source, url=warehouse_url, now=at)
        with psycopg.connect(warehouse_url) as connection:
            shown.append(_marts(lambda mart: f"recon.{mart.name}", connection))
    return shown


def _marts(relation: Callable[[Any], str], connection: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    return {
        mart.name: sorted(connection.execute(f"SELECT * FROM {relation(mart)}".encode()).fetchall(), key=repr)
        for mart in BELIEVED
    }


def _as_of(connection: psycopg.Connection[Any], moment: datetime) -> dict[str, list[Any]]:
    return _marts(lambda mart: f"recon.{as_of_name(mart)}('{moment.isoformat()}')", connection)


def test_every_mart_is_given_as_it_was_at_each_moment(
    warehouse_url: str, snapshots: list[dict[str, list[Any]]]
) -> None:
    assert len({repr(shown) for shown in snapshots}) == len(MOMENTS)
    with psycopg.connect(warehouse_url) as connection:
        for moment, shown in zip(MOMENTS, snapshots, strict=True):
            assert _as_of(connection, moment) == shown
            assert _as_of(connection, moment + timedelta(minutes=59)) == shown
        assert not any(_as_of(connection, BEFORE).values())


@pytest.mark.usefixtures("snapshots")
def test_a_movement_says_what_opened_closed_and_changed(warehouse_url: str) -> None:
    moved = {(row.outcome, row.currency): row for row in movements(warehouse_url, MOMENTS[0], MOMENTS[1])}

    assert {key: _steps(row) for key, row in moved.items()} == {
        ("ambiguous", "USD"): {"changed_in": (1, 20), "end": (1, 20)},
        ("amount_mismatch", "PEN"): {"start": (1, 10), "changed_out": (1, 10), "changed_in": (1, 5), "end": (1, 5)},
        ("missing_in_orders", "USD"): {"start": (1, 20), "changed_out": (1, 20)},
        ("missing_in_settlement", "PEN"): {"start": (1, 40), "closed": (1, 40), "opened": (1, 7), "end": (1, 7)},
        ("status_mismatch", "PEN"): {"opened": (1, 100), "end": (1, 100)},
    }


def _steps(row: Movement) -> dict[str, tuple[int, Decimal]]:
    values = asdict(row)
    names = ("start", "opened", "closed", "changed_in", "changed_out", "end")
    return {name: (values[f"{name}_count"], values[f"{name}_money"]) for name in names if values[f"{name}_count"]}


@pytest.mark.usefixtures("snapshots")
def test_a_movement_adds_up_and_its_ends_are_what_the_breaks_were(warehouse_url: str, read: Reader) -> None:
    times = (BEFORE, *MOMENTS, MOMENTS[-1] + timedelta(days=1))
    for since in times:
        for until in (time for time in times if time >= since):
            rows = movements(warehouse_url, since, until)
            for row in rows:
                came, went = row.opened_count + row.changed_in_count, row.closed_count + row.changed_out_count
                assert row.end_count == row.start_count + came - went
                earned, lost = row.opened_money + row.changed_in_money, row.closed_money + row.changed_out_money
                assert row.end_money == row.start_money + earned - lost
            for moment, end in ((since, "start"), (until, "end")):
                held = {(r.outcome, r.currency): _steps(r)[end] for r in rows if end in _steps(r)}
                assert held == _open_breaks(read, moment)


def _open_breaks(read: Reader, moment: datetime) -> dict[tuple[str, str], tuple[int, Decimal]]:
    rows = read(
        "SELECT outcome, currency, count(*) AS items, sum(at_risk) AS money FROM recon.recon_break_as_of(%s) "
        "WHERE status = 'open' GROUP BY 1, 2",
        moment,
    )
    return {(row["outcome"], row["currency"]): (row["items"], row["money"]) for row in rows}


def test_the_function_gives_the_registered_columns(warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url) as connection:
        found = connection.execute("SELECT * FROM recon.movement(now(), now())").description or ()
    assert [(column.name, column.type_display) for column in found] == [
        (column.name, {"text": "text", "count": "int8", "money": "numeric"}[column.kind.value])
        for column in MOVEMENT.columns
    ]


def test_an_as_of_reads_only_the_blocks_of_the_day_it_is_asked_for(warehouse_url: str) -> None:
    query = "EXPLAIN SELECT * FROM recon.recon_line_as_of(now()) WHERE source = 's' AND settlement_date = '2026-03-04'"
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("SET enable_seqscan = off")  # the few rows of a test are read faster whole
        plan = " ".join(row[0] for row in connection.execute(query).fetchall())
    assert "Bitmap Index Scan on recon_line_day" in plan


@pytest.mark.usefixtures("snapshots")
def test_an_analyst_may_ask_both(warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("SET ROLE cuadre_analyst")
        believed = connection.execute("SELECT count(*) FROM recon.recon_line_as_of(%s)", (MOMENTS[0],)).fetchone()
        moved = connection.execute("SELECT count(*) FROM recon.movement(%s, %s)", MOMENTS[:2]).fetchone()
    assert (believed, moved) == ((6,), (5,))


def test_moments_the_wrong_way_round_are_refused(warehouse_url: str) -> None:
    with pytest.raises(ConfigurationError, match="before the first"):
        movements(warehouse_url, MOMENTS[1], MOMENTS[0])


@pytest.mark.usefixtures("snapshots")
def test_the_command_shows_a_table_and_json(warehouse_url: str) -> None:
    asked = ["marts", "movement", "--from", MOMENTS[0].isoformat(), "--to", MOMENTS[1].isoformat()]
    environment = {"CUADRE_WAREHOUSE": warehouse_url}
    shown = CliRunner().invoke(app, asked, env=environment)
    cells = [[cell.strip() for cell in text.split("│")[1:-1]] for text in shown.output.splitlines()]
    assert ["missing_in_settlement", "PEN", "start", "1", "40.00"] in cells
    assert (["", "", "closed", "1", "40.00"] in cells, ["", "", "end", "1", "7.00"] in cells) == (True, True)

    given = CliRunner().invoke(app, [*asked, "--source", "pagoefectivo_pe", "--json"], env=environment)
    rows = json.loads(given.output)["rows"]
    assert [row["outcome"] for row in rows if row["currency"] == "USD"] == ["ambiguous", "missing_in_orders"]
    nobody = CliRunner().invoke(app, [*asked, "--source", "nobody", "--json"], env=environment)
    assert json.loads(nobody.output)["rows"] == []


def test_the_command_without_a_warehouse_is_wrong_usage() -> None:
    now = datetime(2026, 3, 5, tzinfo=UTC).isoformat()
    done = CliRunner().invoke(app, ["marts", "movement", "--from", now, "--to", now], env={"CUADRE_WAREHOUSE": ""})
    assert done.exit_code == 2
