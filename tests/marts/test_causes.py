"""What breaks share is counted against how common it is, and named as their cause only when it explains them."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cuadre.config import Source
from cuadre.marts.causes import Shared, cause_of_breaks, cause_of_money, shared_of_day
from cuadre.marts.fill import fill, filled
from cuadre.pipeline.publish import publish
from tests.marts.days import ARCHIVE, NEXT, NOON, Row, Story, judged, line, missing, reason, still_open

BROKEN = {"expected": Decimal(110), "delta": Decimal(-10), "reasons": [reason("AMOUNT_DIFFERS")]}


def _day(broken: set[int], lines: int = 200, **of_line: Any) -> Story:
    """Payments in batches of twenty; those in `broken` are S/10 short."""
    made = [
        line(no, batch_id=f"B{(no - 1) // 20}", channel=("agent", "bank", "wallet")[no % 3], **of_line)
        for no in range(1, lines + 1)
    ]
    outcomes = [
        judged(each, "amount_mismatch", **BROKEN) if each["line_no"] in broken else judged(each) for each in made
    ]
    opened = [still_open(row, of=each) for row, each in zip(outcomes, made, strict=True) if row["outcome"] != "matched"]
    return Story(tuple(made), tuple(outcomes), left_open=tuple(opened))


def _mart(story: Story, source: Source, folder: Path) -> list[Row]:
    with filled(story.write(folder), source, NOON) as duck:
        fill(duck, source)
        rows = duck.execute("SELECT * FROM break_cause ORDER BY scope, outcome, dimension, value, currency").fetchall()
        names = [column[0] for column in duck.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _shared(rows: list[Row]) -> list[Shared]:
    """Rows of one currency, as `shared_of_day` reads them."""
    return [
        Shared(
            **{name: row[name] for name in ("scope", "outcome", "dimension", "value", "breaks", "of_breaks")},
            base_share=row["base_share"],
            lift=row["lift"],
            at_risk={row["currency"]: row["at_risk"]},
            of_at_risk={row["currency"]: row["of_at_risk"]},
        )
        for row in rows
    ]


def test_a_batch_that_broke_is_the_cause_with_its_share_lift_and_money(source: Source, tmp_path: Path) -> None:
    rows = _mart(_day({*range(41, 61), 7, 150}), source, tmp_path)
    (row,) = (
        r for r in rows if (r["scope"], r["outcome"], r["dimension"], r["value"]) == ("new", "any", "batch", "B2")
    )

    assert (row["breaks"], row["of_breaks"]) == (20, 22)
    assert (row["at_risk"], row["of_at_risk"]) == (Decimal(200), Decimal(220))
    assert (row["share"], row["base_share"], row["lift"]) == (
        Decimal("0.909090"), Decimal("0.100000"), Decimal("9.090909"),
    )  # fmt: skip
    cause = cause_of_breaks(_shared(rows))
    assert cause is not None
    assert (cause.dimension, cause.value) == ("batch", "B2")
    of_money = cause_of_money(_shared(rows), "PEN")
    assert of_money is not None
    assert (of_money.value, of_money.share_of_money("PEN")) == ("B2", Decimal(200) / 220)


def test_breaks_spread_over_the_day_have_no_cause(source: Source, tmp_path: Path) -> None:
    shared = _shared(_mart(_day(set(range(1, 200, 4))), source, tmp_path))

    assert shared
    assert cause_of_breaks(shared) is None
    assert cause_of_money(shared, "PEN") is None


def test_a_few_breaks_have_no_cause_whatever_they_share(source: Source, tmp_path: Path) -> None:
    assert cause_of_breaks(_shared(_mart(_day({41, 42, 43}), source, tmp_path))) is None


def test_a_day_without_breaks_shares_nothing(source: Source, tmp_path: Path) -> None:
    assert _mart(_day(set()), source, tmp_path) == []


def test_hours_are_the_sources_own_and_an_archive_is_known_by_its_name(source: Source, tmp_path: Path) -> None:
    night = datetime(2026, 3, 5, 4, 50, tzinfo=UTC)
    rows = _mart(_day(set(range(1, 31)), occurred_at=night), source, tmp_path)

    named = {(r["dimension"], r["value"]) for r in rows if r["outcome"] == "amount_mismatch"}
    assert {
        ("hour", "23:00"), ("archive", f"pe_settlement_{ARCHIVE[:4]}.zip.pgp"), ("line_type", "PAYMENT"),
        ("currency", "PEN"), ("fee_plan", "PEN any channel from 2026-01-01"), ("channel", "agent"),
    } <= named  # fmt: skip


def test_breaks_of_earlier_days_count_among_the_open_ones_only(source: Source, tmp_path: Path) -> None:
    yesterday = _day({1, 2, 3})
    assert yesterday.left_open is not None
    carried = tuple(row | {"settlement_date": NEXT} for row in yesterday.outcomes if row["outcome"] != "matched")
    today = (line(500, settlement_date=NEXT, archive_id="b" * 64, batch_id="C"),)
    new = judged(today[0], "amount_mismatch", settlement_date=NEXT, **BROKEN)
    left = (*yesterday.left_open, still_open(new, of=today[0]))
    story = Story(today, (*carried, new), opened=yesterday.left_open, left_open=left, day=NEXT)
    rows = [row for row in _mart(story, source, tmp_path) if (row["outcome"], row["dimension"]) == ("any", "batch")]

    assert [(row["scope"], row["value"], row["breaks"], row["of_breaks"]) for row in rows] == [
        ("new", "C", 1, 1), ("open", "B0", 3, 4), ("open", "C", 1, 4),
    ]  # fmt: skip


def test_an_order_without_a_line_has_an_hour_a_currency_and_no_batch(source: Source, tmp_path: Path) -> None:
    order = {"order_id": "O1", "psp_reference": "CIP9", "currency": "PEN", "amount": Decimal(40), "status": "PAID"}
    order |= dict.fromkeys(("created_at", "paid_at", "due_at", "updated_at"), NOON) | {"merchant": "30145"}
    absent = missing("O1", "40")
    rows = _mart(Story(outcomes=(absent,), left_open=(still_open(absent, order=order),)), source, tmp_path)

    assert {(row["dimension"], row["value"], row["lift"]) for row in rows} == {
        ("hour", "07:00", Decimal(1)), ("currency", "PEN", Decimal(1)),
    }  # fmt: skip


def test_rows_do_not_depend_on_the_order_of_lines_and_open_items(source: Source, tmp_path: Path) -> None:
    story, rng = _day({*range(41, 61), 7, 99, 150}), random.Random(3)
    first = _mart(story, source, tmp_path / "0")
    assert story.left_open is not None
    for turn in range(1, 4):
        mixed = story.but(
            lines=tuple(rng.sample(story.lines, len(story.lines))),
            outcomes=tuple(rng.sample(story.outcomes, len(story.outcomes))),
            left_open=tuple(rng.sample(story.left_open, len(story.left_open))),
        )
        assert _mart(mixed, source, tmp_path / str(turn)) == first


@pytest.mark.parametrize(
    ("archive", "batch", "cause"),
    [("0.2", "0.05", "batch"), ("0.05", "0.05", "archive")],
)
def test_of_two_that_explain_alike_the_rarer_is_the_cause(archive: str, batch: str, cause: str) -> None:
    def shared(dimension: str, base: str) -> Shared:
        money = {"PEN": Decimal(1)}
        return Shared(
            "new", "any", dimension, "x", 90, 100, Decimal(base), Decimal("0.9") / Decimal(base), money, money
        )

    found = cause_of_breaks([shared("batch", batch), shared("archive", archive)])
    assert found is not None
    assert found.dimension == cause


def test_what_was_published_is_read_back_over_all_currencies(
    source: Source, warehouse_url: str, tmp_path: Path
) -> None:
    story = _day(set(range(41, 61)))
    dollars = line(500, currency="USD", batch_id="B2")
    broken = judged(dollars, "amount_mismatch", **BROKEN)
    assert story.left_open is not None
    more = story.but(
        lines=(*story.lines, dollars),
        outcomes=(*story.outcomes, broken),
        left_open=(*story.left_open, still_open(broken, of=dollars)),
    )
    publish(more.write(tmp_path), source, url=warehouse_url, now=NOON)

    cause = cause_of_breaks(shared_of_day(warehouse_url, source.source, more.day))
    assert cause is not None
    assert (cause.dimension, cause.breaks, cause.of_breaks) == ("batch", 21, 21)
    assert cause.at_risk == {"PEN": Decimal(200), "USD": Decimal(10)}
