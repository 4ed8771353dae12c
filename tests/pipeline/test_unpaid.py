"""Batches the bank does not pay: an incident once their time is over, under their own day, until the credit comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from cuadre.config import load_source
from cuadre.model.codes import IncidentKind
from cuadre.model.columns import BANK_MATCHES
from cuadre.model.records import to_json
from cuadre.pipeline import alarms
from cuadre.pipeline.alert import JUDGED_BY_SUCCESS
from cuadre.pipeline.unpaid import unpaid_findings
from tests.marts.days import checked
from tests.matching import tiny
from tests.pipeline.by_hand import EXAMPLE, FIRST, Row, Shop, at, build, later, order, payment

WINDOW = 5
"""Days the example source waits for a credit."""


def batch(batch_id: str, status: str, **given: object) -> Row:
    """A batch of 95.29 of the first day."""
    money = dict.fromkeys(("gross", "fee", "tax", "net", "payout", "credited", "applied"), Decimal(0))
    texts = dict.fromkeys(("reason", "method", "credit_id", "value_date", "candidates"))
    row = {"source": "shop_pe", "settlement_date": later(6), "batch_date": FIRST, "batch_id": batch_id, "lines": 1}
    return row | money | texts | {"currency": "PEN", "status": status, "owed": Decimal("95.29")} | given


def test_batches_are_told_by_their_day_once_the_window_is_over_with_what_is_owed(tmp_path: Path) -> None:
    source = load_source(EXAMPLE)
    rows = [
        batch("B1", "bank_missing"),
        batch("B2", "bank_ambiguous", candidates="C1 for B2; C2 for B2"),
        batch("B3", "bank_missing", currency="USD", owed=Decimal(7)),
        batch("B4", "balanced"),
        batch("B5", "bank_differs", credit_id="C5", credited=Decimal(60), applied=Decimal(60)),
        batch("B5", "bank_differs", credit_id="C6", credited=Decimal(30), applied=Decimal(30)),
        batch("B7", "bank_differs", credit_id="C7", credited=Decimal(96), applied=Decimal(96)),
        batch("B8", "bank_differs", reason="PAID_BEFORE", owed=Decimal(0), credit_id="C8", applied=Decimal(5)),
        batch("B6", "bank_ambiguous", batch_date=later(1)),
    ]
    matches = tiny.write(tmp_path / "bank_matches.parquet", BANK_MATCHES, rows)
    assert unpaid_findings(matches, source, at(WINDOW)) == {}
    ((finding, differs),) = unpaid_findings(matches, source, at(WINDOW + 1)).values()
    assert finding.kind is IncidentKind.batch_unpaid
    assert finding.cause == (
        f"3 of the day's batches should have been credited by {later(WINDOW)}: "
        "2 by no credit, 1 by credits that fit in several ways."
    )
    assert (finding.count, finding.keys) == (3, ("B1", "B2", "B3"))
    assert finding.money == {"PEN": Decimal("190.58"), "USD": Decimal(7)}
    assert differs.kind is IncidentKind.batch_differs
    assert differs.cause == (
        f"2 of the day's batches should have been credited by {later(WINDOW)} and were by another sum than is owed."
    )
    assert (differs.count, differs.keys, differs.money) == (2, ("B5", "B7"), {"PEN": Decimal("6.00")})
    assert list(unpaid_findings(matches, source, at(WINDOW + 2))) == [FIRST, later(1)]


@dataclass(frozen=True)
class House:
    """A shop whose days are told of."""

    shop: Shop

    def tell(self, days: int, lines: Sequence[Row] = (), orders: Sequence[Row] = ()) -> dict[str, str]:
        """What changed at the end of a day's run, of unpaid batches, by incident."""
        reconciled = self.shop.run(later(days), lines, orders)
        here, check = (self.shop.work, self.shop.source, later(days)), {"report": to_json(checked())}
        told = alarms.alert_day(*here, check, reconciled, {"mart_hash": "0" * 64}, now=at(days + 1))
        changes = {change["incident_id"]: change["what"] for change in told["changes"]}
        return {incident: what for incident, what in changes.items() if "/batch_" in incident}


@pytest.fixture
def house(tmp_path: Path, warehouse_url: str) -> House:
    return House(build(tmp_path, warehouse_url, bank=True))


def test_an_incident_opens_when_the_window_is_over_stays_one_and_recovers_with_the_credit(house: House) -> None:
    lines, mine = [payment(1, "C1", batch_id="B1")], f"shop_pe/{FIRST}/batch_unpaid"
    assert house.tell(0, lines, [order("O1", "C1")]) == {}
    assert house.tell(WINDOW - 1) == {}
    assert house.tell(WINDOW) == {mine: "opened"}
    assert house.tell(WINDOW + 1) == {mine: "updated"}
    assert house.tell(0, lines) == {}
    credit = {
        "credit_id": "K1",
        "account": "main",
        "value_date": later(WINDOW + 2),
        "currency": "PEN",
        "amount": Decimal("95.29"),
        "reference": "B1",
    }
    house.shop.stock(credits=[credit])
    assert house.tell(WINDOW + 2) == {mine: "recovered"}
    with psycopg.connect(house.shop.url) as connection:
        states = connection.execute("SELECT settlement_date, state, count, money FROM recon.incident").fetchall()
    assert states == [(FIRST, "recovered", 1, "PEN 95.29")]


def test_a_batch_paid_in_part_is_told_once_the_window_is_over_until_the_rest_comes(house: House) -> None:
    lines, mine = [payment(1, "C1", batch_id="B1")], f"shop_pe/{FIRST}/batch_differs"
    credit = {"credit_id": "K1", "account": "main", "value_date": later(1), "currency": "PEN", "reference": "B1"}
    house.shop.stock(credits=[credit | {"amount": Decimal(90)}])
    assert house.tell(0, lines, [order("O1", "C1")]) == {}
    assert house.tell(WINDOW) == {mine: "opened"}
    house.shop.stock(credits=[credit | {"credit_id": "K2", "value_date": later(WINDOW + 1), "amount": Decimal("5.29")}])
    assert house.tell(WINDOW + 1) == {mine: "recovered"}


def test_a_run_of_the_day_itself_does_not_judge_whether_its_batches_are_paid() -> None:
    assert not {IncidentKind.batch_unpaid, IncidentKind.batch_differs} & {*JUDGED_BY_SUCCESS}
