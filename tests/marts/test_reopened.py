"""Items that had been cleared and are open again: noted once, with what opened them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cuadre.config import Source
from cuadre.model.records import Publication
from cuadre.pipeline.publish import publish, record_admissions
from tests.marts.conftest import Reader
from tests.marts.days import (
    ARCHIVE,
    DAY,
    NEXT,
    NOON,
    Row,
    Story,
    admitted,
    judged,
    line,
    missing,
    reason,
    still_open,
)

OTHER = "b" * 64
REOPENINGS = "SELECT * FROM recon.reopening ORDER BY item_id, reopened_at"
OPEN = "SELECT item_id, outcome, reopened_by FROM recon.open_break ORDER BY item_id"


class Books:
    """The marts of one source, and days published into them."""

    def __init__(self, url: str, source: Source, folder: Path) -> None:
        self._url, self._source, self._folder, self._times = url, source, folder, 0

    def publish(self, story: Story, *, supersedes: str | None = None) -> Publication:
        """Publish the day of `story` an hour after the last time; its archive may replace another one."""
        self._times += 1
        now = NOON + timedelta(hours=self._times)
        if supersedes:
            older = admitted(supersedes)
            row = replace(older, admission=replace(older.admission, reason="SUPERSEDED", detail="replaced"))
            record_admissions((row,), self._source, story.day, url=self._url, now=now)
        return publish(story.write(self._folder / str(self._times)), self._source, url=self._url, now=now)


@pytest.fixture
def books(warehouse_url: str, source: Source, tmp_path: Path) -> Books:
    return Books(warehouse_url, source, tmp_path)


def cleared(archive_id: str = ARCHIVE) -> Story:
    """Three payments of one archive, all matched."""
    lines = tuple(line(no, archive_id=archive_id) for no in (1, 2, 3))
    outcomes = tuple(judged(each) for each in lines)
    return Story(lines, outcomes, left_open=(), admissions=(admitted(archive_id),))


def restated() -> Story:
    """The archive that replaces it: the second payment has another amount, the third one is gone."""
    lines = (line(1, archive_id=OTHER), line(2, archive_id=OTHER, gross=Decimal(90)))
    differs = [reason("AMOUNT_DIFFERS", field="gross", expected="100", got="90", delta=Decimal(-10))]
    wrong = judged(lines[1], "amount_mismatch", expected=Decimal(100), delta=Decimal(-10), reasons=differs)
    gone = missing("ORDER3", "100", item_id="item-3")
    left_open = (still_open(wrong, of=lines[1]), still_open(gone))
    return Story(lines, (judged(lines[0]), wrong, gone), left_open=left_open, admissions=(admitted(OTHER),))


def edited(day: Story) -> Story:
    """As `day`, on which the first order was edited after it had been cleared."""
    code = reason("ORDER_EDITED", field="amount", expected="80", got="100", delta=Decimal(20))
    row = missing("ORDER1", "80", item_id="item-1", outcome="amount_mismatch", delta=Decimal(20), reasons=[code])
    row["settlement_date"] = day.day
    return day.but(outcomes=(*day.outcomes, row), left_open=(*(day.left_open or ()), still_open(row)))


def test_a_restated_file_opens_what_it_changes_and_what_it_lacks_and_names_both_archives(
    books: Books, read: Reader
) -> None:
    books.publish(cleared())
    assert read(REOPENINGS) == []
    books.publish(restated(), supersedes=ARCHIVE)
    found = read(REOPENINGS)
    assert [(row["item_id"], row["cause"], row["cleared_as"], row["settlement_date"]) for row in found] == [
        ("item-2", "file_restated", "matched", DAY),
        ("item-3", "file_restated", "matched", DAY),
    ]
    assert {(row["archive_id"], row["replaced_by"]) for row in found} == {(ARCHIVE, OTHER)}
    since = read("SELECT known_from FROM recon.recon_break WHERE item_id = 'item-3'")[0]["known_from"]
    assert {row["reopened_at"] for row in found} == {since}
    assert [tuple(row.values()) for row in read(OPEN)] == [
        ("item-2", "amount_mismatch", "file_restated"),
        ("item-3", "missing_in_settlement", "file_restated"),
    ]
    assert not books.publish(restated()).changed
    assert read(REOPENINGS) == found


def test_the_same_day_judged_otherwise_without_another_file_says_so(books: Books, read: Reader) -> None:
    books.publish(cleared())
    row = judged(line(2), "duplicate", reasons=[reason("SETTLED_BEFORE")])
    day = cleared()
    other = (day.outcomes[0], row, day.outcomes[2])
    books.publish(day.but(outcomes=other, left_open=(still_open(row, of=line(2)),)))
    assert [(each["item_id"], each["cause"], each["replaced_by"]) for each in read(REOPENINGS)] == [
        ("item-2", "judged_anew", None)
    ]


def test_an_edited_order_is_open_again_by_the_edit_and_is_noted_once_however_long_it_stays(
    books: Books, read: Reader
) -> None:
    books.publish(cleared())
    lines = (line(9, settlement_date=NEXT),)
    outcome: Row = judged(lines[0], settlement_date=NEXT)
    day = Story(lines, (outcome,), opened=(), left_open=(), admissions=(admitted("c" * 64),), day=NEXT)
    first = edited(day)
    books.publish(first)
    books.publish(first.but(check=None))
    third = edited(day.but(day=NEXT + timedelta(days=1), lines=(), outcomes=(), opened=first.left_open))
    books.publish(third)
    assert [(row["item_id"], row["cause"], row["settlement_date"]) for row in read(REOPENINGS)] == [
        ("item-1", "order_edited", NEXT)
    ]
    assert [tuple(row.values()) for row in read(OPEN)] == [("item-1", "amount_mismatch", "order_edited")]


def test_a_break_that_had_closed_is_open_again_when_the_file_that_closed_it_is_restated(
    books: Books, read: Reader
) -> None:
    before = missing("ORDER1", "100")
    lines = (line(1),)
    closing = judged(lines[0], item_id="item-ORDER1")
    opened = (still_open(before),)
    books.publish(Story(lines, (closing,), opened=opened, left_open=(), admissions=(admitted(),)))
    assert read("SELECT status FROM recon.recon_break") == [{"status": "closed"}]
    other = (line(7, archive_id=OTHER),)
    again = Story(other, (judged(other[0]), before), opened=opened, left_open=opened, admissions=(admitted(OTHER),))
    books.publish(again, supersedes=ARCHIVE)
    assert [(row["item_id"], row["cause"], row["replaced_by"]) for row in read(REOPENINGS)] == [
        ("item-ORDER1", "file_restated", OTHER)
    ]


def test_breaks_that_were_never_cleared_are_not_open_again(books: Books, read: Reader) -> None:
    day = restated()
    books.publish(day)
    books.publish(day.but(outcomes=(*day.outcomes, missing("ORDER9", "40")), check=None))
    assert read(REOPENINGS) == []
    assert {row["reopened_by"] for row in read(OPEN)} == {None}
