"""Due, pending and late where clocks change, days are skipped and years end: by the local calendar, to the instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from cuadre.config.source import Schedule
from cuadre.model.columns import LINES, ORDERS
from cuadre.pipeline.reconcile import reconcile
from tests.matching.tiny import SOURCE, codes, line, order, run, write

MOMENT, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
SWITCHES = [
    ("America/New_York", date(2026, 3, 7), 1), ("America/New_York", date(2026, 10, 31), 2),
    ("Europe/Madrid", date(2026, 3, 28), 0), ("Europe/Madrid", date(2026, 10, 24), 1),
    ("America/Santiago", date(2026, 9, 5), 1), ("America/Havana", date(2026, 10, 31), 1),
    ("Australia/Lord_Howe", date(2026, 4, 4), 2), ("Asia/Kathmandu", date(2026, 12, 31), 1),
    ("Pacific/Apia", date(2028, 2, 28), 1), ("Pacific/Apia", date(2011, 12, 29), 0),
    ("Pacific/Apia", date(2011, 12, 29), 2),
]  # fmt: skip
"""Days before something odd, and days of lag: an hour lost or doubled, at midnight too, a day skipped, a leap."""


def source_of(zone, lag=1, as_of=time(7)):
    """The source in another zone, with another lag, judged at another time of day."""
    settlement = SOURCE.settlement.model_copy(update={"lag_days": lag})
    changes = {"timezone": zone, "settlement": settlement, "schedule": Schedule(as_of=as_of), "fees": ()}
    return SOURCE.model_copy(update=changes)


def first_instant(zone, day):
    """When the calendar of `zone` first shows `day` or a later one, found by looking at every quarter of an hour."""
    moment = datetime.combine(day, time(0), UTC) - 15 * HOUR
    while moment.astimezone(ZoneInfo(zone)).date() < day:
        moment += HOUR / 4
    return moment


@pytest.mark.parametrize(("zone", "day", "lag"), SWITCHES)
def test_an_order_is_due_by_its_local_day_and_late_by_the_local_day_it_was_due(tmp_path, zone, day, lag):
    source = source_of(zone, lag)
    judged = source.as_of(day)
    instants = [
        first_instant(zone, day + number * DAY) + away
        for number in range(-2, 4)
        for away in (-HOUR, -MOMENT, 0 * HOUR, HOUR, 2 * HOUR)
    ]
    waiting = [order(f"w{n}", due_at=None, paid_at=each) for n, each in enumerate(instants)]
    settled = [order(f"s{n}", psp_reference=f"c{n}", due_at=each) for n, each in enumerate(instants)]
    lines = [line(n, psp_reference=f"c{n}", settlement_date=day, fee=0, tax=0) for n in range(1, len(instants))]
    result = run(tmp_path, lines, [*waiting, *settled[1:]], source=source, day=day, as_of=judged)
    for n, instant in enumerate(instants):
        local = instant.astimezone(ZoneInfo(zone)).date()
        due = datetime.combine(local + lag * DAY, time(7), ZoneInfo(zone)).astimezone(UTC)
        right = "missing_in_settlement" if due <= judged.astimezone(UTC) else "pending"
        assert (n, result.order(f"w{n}")["outcome"]) == (n, right)
        if n:
            assert (n, codes(result.line(n))) == (n, ["SETTLED_LATE"] if local < day + lag * DAY else [])


@pytest.mark.parametrize(
    ("zone", "day", "at"),
    [
        ("America/New_York", date(2026, 3, 7), time(2, 30)),
        ("America/New_York", date(2026, 10, 31), time(1, 30)),
        ("America/Havana", date(2026, 10, 31), time(0, 30)),
        ("Europe/Madrid", date(2026, 3, 28), time(2, 0)),
    ],
)
def test_a_moment_of_judging_that_clocks_skip_or_show_twice_is_one_moment(tmp_path, zone, day, at):
    source = source_of(zone, as_of=at)
    tomorrow = first_instant(zone, day + DAY)
    orders = [order("last", due_at=None, paid_at=tomorrow - MOMENT), order("next", due_at=None, paid_at=tomorrow)]
    judged = source.as_of(day).astimezone(UTC)
    for as_of, last in [(judged, "missing_in_settlement"), (judged - MOMENT, "pending")]:
        result = run(tmp_path / last, [], orders, source=source, day=day, as_of=as_of)
        assert [result.order(each)["outcome"] for each in ("last", "next")] == [last, "pending"]


def test_of_an_hour_that_clocks_show_twice_the_second_comes_after_the_first(tmp_path):
    source = source_of("America/New_York", as_of=time(1, 30))
    saturday = date(2026, 10, 31)
    again = datetime(2026, 11, 1, 1, 10, tzinfo=source.zone, fold=1)
    assert again.astimezone(UTC) > source.as_of(saturday).astimezone(UTC)
    paid = order("o1", due_at=None, paid_at=first_instant("America/New_York", saturday))
    result = run(tmp_path, [], [paid], source=source, day=saturday, as_of=again)
    assert result.order("o1")["outcome"] == "missing_in_settlement"
    nothing = {"lines": write(tmp_path / "l.parquet", LINES, []), "orders": write(tmp_path / "o.parquet", ORDERS, [])}
    empty_day = reconcile(**nothing, source=source, as_of=again, out=tmp_path / "empty")
    assert empty_day.settlement_date == saturday


def test_a_due_moment_is_due_at_that_very_moment_and_whatever_zone_it_is_told_in(tmp_path):
    judged = datetime(2026, 3, 3, 12, tzinfo=UTC)
    orders = [order("due", due_at=judged), order("not_yet", due_at=judged + MOMENT)]
    for number, zone in enumerate(("UTC", "Asia/Kathmandu", "Pacific/Apia")):
        result = run(tmp_path / str(number), [], orders, as_of=judged.astimezone(ZoneInfo(zone)))
        assert [row["outcome"] for row in result.rows] == ["missing_in_settlement", "pending"]


def test_a_day_judged_long_before_or_after_is_judged_as_of_then(tmp_path):
    orders = [order("o1"), order("o2", due_at=None)]
    lines = [line(1, psp_reference="x")]
    for year, right in ((2020, "pending"), (2030, "missing_in_settlement")):
        result = run(tmp_path / right, lines, orders, as_of=datetime(year, 1, 1, tzinfo=UTC))
        assert [row["outcome"] for row in result.rows] == ["missing_in_orders", right, right]


def test_an_empty_day_between_two_years_carries_what_is_open(tmp_path):
    new_years_eve = date(2027, 12, 31)
    midnight = first_instant("America/Lima", date(2028, 1, 1))
    orders = [order("old", due_at=None, paid_at=midnight - MOMENT), order("new", due_at=None, paid_at=midnight)]
    before = run(tmp_path / "1", [], orders, day=new_years_eve, as_of=SOURCE.as_of(new_years_eve))
    assert [(row["order_id"], row["outcome"]) for row in before.rows] == [
        ("new", "pending"), ("old", "missing_in_settlement"),
    ]  # fmt: skip
    after = run(
        tmp_path / "2", [], [], day=date(2028, 1, 1), as_of=SOURCE.as_of(date(2028, 1, 1)), open_items=before.open_items
    )
    assert [(row["outcome"], row["age_days"]) for row in after.rows] == [("missing_in_settlement", 1)] * 2
    assert pq.read_table(after.open_items).num_rows == 2
