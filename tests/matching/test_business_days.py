"""Business days: what is due when, and what is late, where a source has a calendar."""

from datetime import UTC, date, datetime

import pytest

from cuadre.config.calendar import Calendar
from tests.matching.tiny import SOURCE, codes, line, order, run

MONDAY = date(2026, 3, 2)
FRIDAY, SATURDAY = (datetime(2026, 2, day, 17, tzinfo=UTC) for day in (27, 28))


def weekly(lag_days=1, holidays=()):
    """The tiny source, with a weekend."""
    calendar = Calendar(weekend=("sat", "sun"), holidays=holidays)
    settlement = SOURCE.settlement.model_copy(update={"lag_days": lag_days, "calendar": calendar})
    return SOURCE.model_copy(update={"settlement": settlement})


@pytest.mark.parametrize(
    ("paid_at", "as_of", "source", "outcome"),
    [
        (FRIDAY, datetime(2026, 3, 2, 11, tzinfo=UTC), weekly(), "pending"),  # Monday, an hour before it is due
        (FRIDAY, datetime(2026, 3, 2, 12, tzinfo=UTC), weekly(), "missing_in_settlement"),
        (FRIDAY, datetime(2026, 2, 28, 12, tzinfo=UTC), SOURCE, "missing_in_settlement"),
        (SATURDAY, datetime(2026, 3, 2, 11, tzinfo=UTC), weekly(0), "pending"),
        (SATURDAY, datetime(2026, 3, 2, 12, tzinfo=UTC), weekly(0), "missing_in_settlement"),
        (FRIDAY, datetime(2026, 3, 3, 11, tzinfo=UTC), weekly(holidays=(MONDAY,)), "pending"),
        (FRIDAY, datetime(2026, 3, 3, 12, tzinfo=UTC), weekly(holidays=(MONDAY,)), "missing_in_settlement"),
        (FRIDAY, datetime(2026, 3, 3, 12, tzinfo=UTC), weekly(3), "pending"),
    ],
)
def test_an_order_is_due_after_the_lag_in_business_days_and_no_break_before(tmp_path, paid_at, as_of, source, outcome):
    given = order("o1", paid_at=paid_at, due_at=None)
    row = run(tmp_path, [], [given], as_of=as_of, day=date(2026, 2, 27), source=source).order("o1")
    assert row["outcome"] == outcome


def test_the_day_an_order_is_due_is_named_in_business_days(tmp_path):
    given = order("o1", paid_at=FRIDAY, due_at=None)
    row = run(tmp_path, [], [given], source=weekly(2)).order("o1")
    assert row["reasons"][0]["expected"] == "2026-03-03"


@pytest.mark.parametrize(
    ("due_on", "source", "late"),
    [(28, SOURCE, False), (28, weekly(), True), (27, SOURCE, True)],
)
def test_a_line_is_late_when_it_is_in_hand_after_the_due_day_in_business_days(tmp_path, due_on, source, late):
    """A line of Friday the 27th is in hand on Saturday, or with a weekend on Monday."""
    friday = date(2026, 2, 27)
    lines = [line(1, psp_reference="c1", settlement_date=friday)]
    orders = [order("o1", psp_reference="c1", due_at=datetime(2026, 2, due_on, 12, tzinfo=UTC))]
    row = run(tmp_path, lines, orders, day=friday, source=source).line(1)
    assert codes(row) == (["SETTLED_LATE"] if late else [])


def test_items_older_than_the_calendar_reaches_are_due_all_the_same(tmp_path):
    given = order("o1", paid_at=datetime(2019, 3, 1, 17, tzinfo=UTC), due_at=None)
    assert run(tmp_path, [], [given], source=weekly()).order("o1")["outcome"] == "missing_in_settlement"
