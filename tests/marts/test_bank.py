"""Batches against the bank in the marts: carried until they are paid, walked from gross to the bank, taken apart."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from cuadre.config import Source
from cuadre.pipeline.publish import publish
from cuadre.sandbox.archive import SandboxDay
from tests.marts.conftest import Reader
from tests.marts.days import DAY, NEXT, NOON, Row, Story, credit, judged, line, payout, published

Publish = Callable[[Story], Path]
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def put(warehouse_url: str, source: Source, tmp_path: Path) -> Publish:
    """Publish a story; gives the file of its bank matches."""

    def one(story: Story) -> Path:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        publish(story.write(folder), source, url=warehouse_url, now=NOON)
        return folder / "bank_matches.parquet"

    return one


def _story(*lines: Row, credits_: tuple[Row, ...] | None = (), day: date = DAY, before: tuple[Path, ...] = ()) -> Story:
    outcomes = tuple(judged(each, settlement_date=day) for each in lines)
    return Story(lines, outcomes, credits=credits_, day=day, bank_before=before)


def _batches(read: Reader, day: date) -> list[tuple[Any, ...]]:
    rows = read("SELECT * FROM recon.settlement_batch WHERE settlement_date = %s ORDER BY batch_date, batch_id", day)
    return [(row["batch_date"], row["batch_id"], row["status"], row["bank_amount"], row["credit_id"]) for row in rows]


def _walks(read: Reader) -> list[list[Row]]:
    rows = read("SELECT * FROM recon.payout_bridge ORDER BY settlement_date, batch_date, batch_id, currency, step_no")
    of = groupby(rows, lambda row: (row["settlement_date"], row["batch_date"], row["batch_id"], row["currency"]))
    return [list(walk) for _, walk in of]


def _steps(walk: list[Row]) -> dict[str, tuple[Decimal, Decimal]]:
    return {row["step"]: (row["amount"], row["total"]) for row in walk}


def test_a_batch_that_is_paid_later_is_pending_first_and_balanced_on_that_day(put: Publish, read: Reader) -> None:
    left = put(_story(line(1), payout(2, "95.29")))
    assert _batches(read, DAY) == [(DAY, "B1", "bank_pending", None, None)]
    paid = credit("C1", "95.29", "B1") | {"value_date": NEXT}
    put(_story(credits_=(paid,), day=NEXT, before=(left,)))
    assert _batches(read, NEXT) == [(DAY, "B1", "balanced", Decimal("95.29"), "C1")]
    assert _batches(read, DAY) == [(DAY, "B1", "bank_pending", None, None)]
    carried = read("SELECT lines, gross, net, payout FROM recon.settlement_batch WHERE settlement_date = %s", NEXT)
    assert [tuple(row.values()) for row in carried] == [(1, 100, Decimal("95.29"), Decimal("95.29"))]


def test_after_the_window_it_is_missing(put: Publish, read: Reader) -> None:
    left = put(_story(line(1), payout(2, "95.29")))
    late = DAY + timedelta(days=5)
    put(_story(day=late, before=(left,)))
    assert _batches(read, late) == [(DAY, "B1", "bank_missing", None, None)]


def test_how_a_batch_was_paid_is_told_credit_by_credit(put: Publish, read: Reader) -> None:
    lines = (line(1), payout(2, "95.29"), line(3, batch_id="B2"), payout(4, "95.29", batch_id="B2"))
    put(_story(*lines, credits_=(credit("C1", "90", "B1"), credit("C2", "5.29", "B1"), credit("C3", "1", "B3"))))
    rows = read("SELECT batch_id, credit_id, method, status, applied FROM recon.bank_match ORDER BY 1, 2")
    assert [tuple(row.values()) for row in rows] == [
        ("B1", "C1", "reference", "balanced", Decimal(90)),
        ("B1", "C2", "reference", "balanced", Decimal("5.29")),
        ("B2", "-", None, "bank_pending", None),
    ]


def test_what_fits_twice_is_told_with_its_candidates(put: Publish, read: Reader) -> None:
    lines = (line(1), payout(2, "95.29"), line(3, batch_id="B2"), payout(4, "95.29", batch_id="B2"))
    put(_story(*lines, credits_=(credit("C1", "95.29", "transferencia"),)))
    assert {status for _, _, status, _, _ in _batches(read, DAY)} == {"bank_ambiguous"}
    assert {row["candidates"] for row in read("SELECT candidates FROM recon.bank_match")} == {"C1 for B1; C1 for B2"}


def test_the_bridge_walks_from_gross_to_the_bank(put: Publish, read: Reader) -> None:
    zero = {"fee": Decimal(0), "tax": Decimal(0)}
    lines = (
        line(1),
        line(2, line_type="REFUND", gross=Decimal(-30), **zero),
        line(3, line_type="CHARGEBACK", gross=Decimal(-20), **zero),
        line(4, line_type="CHARGEBACK_REVERSAL", gross=Decimal(5), **zero),
        line(5, line_type="REVERSAL", gross=Decimal(-1), **zero),
        line(6, line_type="ADJUSTMENT", gross=Decimal(2), **zero),
        line(7, line_type="ROUNDING", gross=Decimal("0.01"), **zero),
        line(8, line_type="FEE", gross=Decimal(0), fee=Decimal(3), tax=Decimal("0.54")),
        payout(9, "47.75"),
    )
    put(_story(*lines, credits_=(credit("C1", "47.70", "B1"),)))
    (walk,) = _walks(read)
    assert [(row["step"], row["amount"], row["total"]) for row in walk] == [
        (step, Decimal(amount), Decimal(total))
        for step, amount, total in (
            ("gross", "100", "100"),
            ("fees", "-6.99", "93.01"),
            ("tax", "-1.26", "91.75"),
            ("refunds", "-30", "61.75"),
            ("reversals", "-1", "60.75"),
            ("chargebacks", "-20", "40.75"),
            ("chargeback_reversals", "5", "45.75"),
            ("adjustments", "2", "47.75"),
            ("rounding", "0.01", "47.76"),
            ("net", "0", "47.76"),
            ("payout", "-0.01", "47.75"),
            ("bank", "-47.70", "0.05"),
            ("unexplained", "-0.05", "0"),
        )
    ]


def test_the_bridge_of_a_carried_batch_begins_with_what_was_owed(put: Publish, read: Reader) -> None:
    left = put(_story(line(1), payout(2, "95.29")))
    put(_story(credits_=(credit("C1", "95.29", "B1"),), day=NEXT, before=(left,)))
    owed = Decimal("95.29")
    assert _steps(_walks(read)[1]) == {"carried": (owed, owed), "bank": (-owed, 0), "unexplained": (0, 0)}


def test_a_second_credit_for_a_paid_batch_is_money_the_bridge_does_not_explain(put: Publish, read: Reader) -> None:
    left = put(_story(line(1), payout(2, "95.29"), credits_=(credit("C1", "95.29", "B1"),)))
    put(_story(credits_=(credit("C2", "95.29", "B1"),), day=NEXT, before=(left,)))
    assert _batches(read, NEXT) == [(DAY, "B1", "bank_differs", Decimal("95.29"), "C2")]
    assert _steps(_walks(read)[1])["unexplained"] == (Decimal("95.29"), 0)


def test_without_a_bank_table_the_walk_ends_at_the_payout(put: Publish, read: Reader) -> None:
    put(_story(line(1), payout(2, "95.30"), credits_=None))
    (walk,) = _walks(read)
    assert (walk[-1]["step"], walk[-1]["amount"], walk[-1]["total"]) == ("payout", Decimal("0.01"), Decimal("95.30"))
    assert read("SELECT * FROM recon.bank_match") == []


def _holds(walk: list[Row]) -> None:
    total = Decimal(0)
    for row in walk:
        total += row["amount"]
        assert row["total"] == total
    assert [row["step_no"] for row in walk] == sorted(row["step_no"] for row in walk)


def test_every_step_adds_up_whatever_the_lines_say(put: Publish, read: Reader) -> None:
    chance = random.Random(7)
    kinds = [
        "PAYMENT",
        "REFUND",
        "REVERSAL",
        "CHARGEBACK",
        "CHARGEBACK_REVERSAL",
        "ADJUSTMENT",
        "ROUNDING",
        "FEE",
        "PAYOUT",
    ]
    for number in range(3):
        lines = tuple(
            line(
                no,
                line_type=chance.choice(kinds),
                batch_id=chance.choice(["B1", "B2", None]),
                currency=chance.choice(["PEN", "USD"]),
                settlement_date=DAY + timedelta(number),
                **{name: Decimal(chance.randint(-9999, 9999)) / 100 for name in ("gross", "fee", "tax", "net")},
            )
            for no in range(1, 40)
        )
        put(
            _story(
                *lines, credits_=(credit("C1", "12.34", "B1"), credit("C2", "0.5", "otro")), day=DAY + timedelta(number)
            )
        )
    walks = _walks(read)
    assert len(walks) >= 15
    for walk in walks:
        _holds(walk)
        assert walk[-1]["step"] == "unexplained"
        assert walk[-1]["total"] == 0


def test_a_planted_day_adds_up_and_a_batch_names_its_transactions(
    sandbox_day: Callable[..., SandboxDay], warehouse_url: str, read: Reader, tmp_path: Path
) -> None:
    published(sandbox_day(600, breaks=0.3, exchanged=0.3), tmp_path, warehouse_url)

    batches = read("SELECT * FROM recon.settlement_batch ORDER BY batch_id, currency")
    assert {row["status"] for row in batches} == {"balanced"}
    walks = {(walk[0]["batch_id"], walk[0]["currency"]): walk for walk in _walks(read)}
    for batch in batches:
        walk = walks[batch["batch_id"], batch["currency"]]
        _holds(walk)
        steps = _steps(walk)
        assert (steps["net"], steps["payout"]) == ((0, batch["net"]), (0, batch["payout"]))
        assert (steps["bank"], steps["unexplained"]) == ((-batch["bank_amount"], 0), (0, 0))
        query = (EXAMPLES / "settlement_batch.sql").read_text(encoding="utf-8")
        own = [
            row for row in read(query.replace("B20260304-01", batch["batch_id"])) if row["batch_net"] == batch["net"]
        ]
        earned = [row for row in own if row["line_type"] != "PAYOUT"]
        assert len(earned) == batch["lines"]
        assert sum(row["gross"] for row in earned) == batch["gross"]
        assert sum(row["net"] for row in earned) == batch["net"]
