"""What each mart says of a day: breaks that open and close, batches three ways, fees by contract, rates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cuadre.config import Source
from cuadre.pipeline.publish import publish
from tests.marts.conftest import Reader
from tests.marts.days import (
    DAY,
    NEXT,
    NOON,
    Row,
    Story,
    credit,
    judged,
    line,
    missing,
    payout,
    plain,
    reason,
    still_open,
)

Publish = Callable[[Story], None]


@pytest.fixture
def put(warehouse_url: str, source: Source, tmp_path: Path) -> Publish:
    """Publish a story."""

    def one(story: Story) -> None:
        publish(story.write(tmp_path / str(len(list(tmp_path.iterdir())))), source, url=warehouse_url, now=NOON)

    return one


def _one(read: Reader, mart: str, **where: Any) -> Row:
    rows = [row for row in read(f"SELECT * FROM recon.{mart}") if where.items() <= row.items()]
    assert len(rows) == 1
    return rows[0]


def test_a_break_is_open_with_its_money_at_risk(put: Publish, read: Reader) -> None:
    put(plain())

    short = _one(read, "recon_break", item_id="item-3")
    assert (short["status"], short["at_risk"], short["batch_id"]) == ("open", Decimal(10), "B1")
    absent = _one(read, "recon_break", item_id="item-ORDER9")
    assert (absent["at_risk"], absent["order_id"], absent["closed_on"]) == (Decimal(40), "ORDER9", None)


def _next_day(*outcomes: Row) -> Story:
    """The day after `plain`, with its two breaks open; the order's reference is known."""
    before = plain()
    order = _order("ORDER9")
    opened = (still_open(before.outcomes[2], of=before.lines[2]), still_open(before.outcomes[4], order=order))
    return Story(outcomes=outcomes, opened=opened, day=NEXT)


def _order(order_id: str) -> Row:
    row: Row = {"order_id": order_id, "psp_reference": "CIP9", "currency": "PEN", "amount": Decimal(40)}
    times = dict.fromkeys(("created_at", "paid_at", "due_at", "updated_at"), NOON)
    return row | times | {"status": "PAID", "merchant": "30145"}


def _carried(row: Row, **but: Any) -> Row:
    return row | {"settlement_date": NEXT, "age_days": 1} | but


def test_a_break_that_is_no_longer_one_is_closed_with_its_last_state(put: Publish, read: Reader) -> None:
    put(plain())
    matched = _carried(judged(plain().lines[2]))
    put(_next_day(matched, _carried(plain().outcomes[4])))

    closed = _one(read, "recon_break", item_id="item-3")
    assert (closed["status"], closed["closed_on"], closed["outcome"]) == ("closed", NEXT, "amount_mismatch")
    assert (closed["at_risk"], closed["delta"], closed["psp_reference"]) == (Decimal(0), Decimal(-10), "CIP3")
    carried = _one(read, "recon_line", settlement_date=NEXT, item_id="item-3")
    assert (carried["line_type"], carried["batch_id"], carried["age_days"]) == ("PAYMENT", "B1", 1)


def test_an_item_that_is_gone_is_closed_too(put: Publish, read: Reader) -> None:
    put(plain())
    put(_next_day())

    assert {row["status"] for row in read("SELECT status FROM recon.recon_break")} == {"closed"}
    assert _one(read, "recon_break", item_id="item-ORDER9")["psp_reference"] == "CIP9"


def test_a_break_that_stays_as_it_was_keeps_the_day_that_last_changed_it(put: Publish, read: Reader) -> None:
    put(plain())
    put(
        _next_day(
            _carried(plain().outcomes[2]), _carried(plain().outcomes[4], expected=Decimal(41), delta=Decimal(-41))
        )
    )

    assert _one(read, "recon_break", item_id="item-3")["settlement_date"] == DAY
    changed = _one(read, "recon_break", item_id="item-ORDER9")
    assert (changed["settlement_date"], changed["at_risk"]) == (NEXT, Decimal(41))


def test_an_order_without_a_line_gets_its_reference_from_the_open_items_left(put: Publish, read: Reader) -> None:
    story = plain()
    put(story.but(left_open=(still_open(story.outcomes[4], order=_order("ORDER9")),)))

    assert _one(read, "recon_line", item_id="item-ORDER9")["psp_reference"] == "CIP9"
    assert _one(read, "recon_break", item_id="item-ORDER9")["psp_reference"] == "CIP9"


def test_rates_are_by_count_and_by_money_and_never_rounded_up(put: Publish, read: Reader) -> None:
    put(plain())

    pen = _one(read, "recon_daily", currency="PEN")
    assert (pen["lines"], pen["items"], pen["matchable"], pen["matched"], pen["breaks"]) == (4, 5, 4, 2, 2)
    assert (pen["match_rate_count"], pen["match_rate_money"]) == (Decimal("0.5"), Decimal("0.606060"))
    assert (pen["matched_money"], pen["unreconciled"]) == (Decimal(200), Decimal(50))
    assert (pen["gross"], pen["fee"], pen["tax"], pen["net"]) == tuple(map(Decimal, ("290", "11.97", "2.16", "275.87")))


def test_variances_count_as_matched_and_pending_orders_as_neither(put: Publish, read: Reader) -> None:
    lines = (line(1), line(2))
    late = judged(lines[1], "matched_with_variance", reasons=[reason("SETTLED_LATE")])
    pending = missing("ORDER8", "5", outcome="pending", reasons=[reason("NOT_YET_DUE")])
    put(Story(lines, (judged(lines[0]), late, pending)))

    pen = _one(read, "recon_daily", currency="PEN")
    assert (pen["matched"], pen["variances"], pen["pending"], pen["matchable"]) == (2, 1, 1, 2)
    assert (pen["match_rate_count"], pen["match_rate_money"], pen["unreconciled"]) == (1, 1, 0)


def test_an_ambiguous_order_risks_nothing_beside_the_line_it_may_belong_to(put: Publish, read: Reader) -> None:
    of = line(1)
    unclear = judged(of, "ambiguous", order_id=None, expected=None, delta=None, reasons=[reason("SEVERAL_ORDERS")])
    orders = [missing(f"O{n}", "100", outcome="ambiguous", expected=None, delta=None) for n in (1, 2)]
    put(Story((of,), (unclear, *orders)))

    assert _one(read, "recon_daily", currency="PEN")["unreconciled"] == Decimal(100)


@pytest.mark.parametrize(
    ("paid", "bank", "status"),
    [
        ("95.29", credit("C1", "95.29", "B1"), "balanced"),
        ("95.30", credit("C1", "95.30", "B1"), "payout_differs"),
        ("95.29", credit("C1", "95.28", "B1"), "bank_differs"),
        ("95.29", credit("C1", "95.29", "B12"), "balanced"),  # it names nothing that is known, and the amount fits
        ("95.29", credit("C1", "95.28", "B12"), "bank_pending"),
        ("95.29", credit("C1", "95.29", "B1", "USD"), "bank_pending"),
        (None, credit("C1", "95.29", "B1"), "payout_missing"),
    ],
)
def test_a_batch_is_held_against_its_payout_and_the_bank(
    put: Publish, read: Reader, paid: str | None, bank: Row, status: str
) -> None:
    lines = (line(1), payout(2, paid)) if paid else (line(1),)
    put(Story(lines, tuple(judged(each) for each in lines), credits=(bank,)))

    batch = _one(read, "settlement_batch")
    assert batch["status"] == status
    assert (batch["lines"], batch["net"], batch["payout"]) == (1, Decimal("95.29"), Decimal(paid) if paid else None)


def test_several_credits_of_one_batch_are_added_up(put: Publish, read: Reader) -> None:
    lines = (line(1), payout(2, "95.29"))
    credits = (credit("C2", "5.29", "B1"), credit("C1", "90", "B1"))
    put(Story(lines, tuple(judged(each) for each in lines), credits=credits))

    batch = _one(read, "settlement_batch")
    assert (batch["status"], batch["bank_amount"], batch["credit_id"]) == ("balanced", Decimal("95.29"), "C1, C2")


def test_without_a_bank_table_the_payout_decides(put: Publish, read: Reader) -> None:
    lines = (line(1, batch_id=None), payout(2, "95.29", batch_id=None))
    put(Story(lines, tuple(judged(each) for each in lines)))

    batch = _one(read, "settlement_batch")
    assert (batch["batch_id"], batch["status"], batch["bank_amount"]) == ("-", "balanced", None)


def test_fees_are_audited_against_the_contract_by_channel(put: Publish, read: Reader) -> None:
    lines = (
        line(1),
        line(2, fee=Decimal("4.50"), tax=Decimal("0.81")),  # too much, and its tax fits the fee charged
        line(3, gross=Decimal(20), fee=Decimal("3.50"), tax=Decimal("0.63"), channel=None),  # the minimum
        line(4, line_type="REFUND", gross=Decimal(-5), fee=Decimal(0), tax=Decimal(0)),
    )
    put(Story(lines, tuple(judged(each) for each in lines)))

    agent = _one(read, "fee_audit", channel="agent")
    assert (agent["payments"], agent["deviating"], agent["gross"]) == (2, 1, Decimal(200))
    assert (agent["fee_contract"], agent["fee_charged"]) == (Decimal("7.98"), Decimal("8.49"))
    assert (agent["tax_contract"], agent["tax_charged"]) == (Decimal("1.53"), Decimal("1.53"))
    assert _one(read, "fee_audit", channel="-")["deviating"] == 0


def test_days_do_not_touch_each_other(put: Publish, read: Reader) -> None:
    third = NEXT + timedelta(days=1)
    for day in (DAY, NEXT, third):
        lines = (line(1, settlement_date=day, archive_id=f"{day:%d}" * 32),)
        put(Story(lines, (judged(lines[0], settlement_date=day, item_id=f"item-{day}"),), day=day, admissions=()))

    days = [row["settlement_date"] for row in read("SELECT settlement_date FROM recon.recon_line ORDER BY 1")]
    assert days == [date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6)]
