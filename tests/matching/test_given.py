"""What was given of earlier days, by hand or damaged, is refused in a sentence and never believed by half."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.model.arrow import arrow_schema
from cuadre.model.columns import BANK_CREDITS, BANK_MATCHES, CLAIMS, LINES, OPEN_ITEMS, ORDERS, Table
from cuadre.model.errors import ConfigurationError
from cuadre.pipeline.reconcile import reconcile
from tests.matching.tiny import AS_OF, DAY, SOURCE, B, claim, give_back, line, order, run, write

EARLIER = date(2026, 3, 1)
Row = dict[str, Any]
Refused = Callable[..., str]


def optional(row: Row) -> Row:
    return {"presentment_currency": None, "presentment_amount": None, "exchange_rate": None, **row}


def item(**given: Any) -> Row:
    """A line of the day before that had no order."""
    row = {
        "source": "shop_pe", "settlement_date": EARLIER, "item_id": "line:1", "outcome": "missing_in_orders",
        "reasons": [], "currency": "PEN", "expected": None, "got": Decimal(100), "delta": Decimal(100),
        "first_seen": EARLIER, "order": None,
        "line": optional(line(1, archive_id=B, settlement_date=EARLIER, psp_reference="c1")),
    }  # fmt: skip
    return row | given


def gave_back(**given: Any) -> Row:
    return claim("o1", 9) | {"line_type": "REFUND", "currency": "PEN", "gross": Decimal(-100)} | given


def at_bank(**given: Any) -> Row:
    """A batch of the day before that was paid."""
    row = {
        "source": "shop_pe", "settlement_date": EARLIER, "batch_date": EARLIER, "batch_id": "B0", "currency": "PEN",
        "status": "balanced", "reason": None, "method": "reference", "credit_id": "k1", "value_date": EARLIER,
        "owed": Decimal(7), "credited": Decimal(7), "applied": Decimal(7), "candidates": None, "lines": 1,
        "gross": Decimal(7), "fee": Decimal(0), "tax": Decimal(0), "net": Decimal(7), "payout": None,
    }  # fmt: skip
    return row | given


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Reconciles a day that would match with `rows` as the input `name`; what is said instead."""

    def one(name: str, *rows: Row, table: pa.Table | None = None, statistics: bool = True) -> str:
        tables = {"open_items": OPEN_ITEMS, "claims": CLAIMS, "bank_matches": BANK_MATCHES}
        made = pa.Table.from_pylist(list(rows), nullable(tables[name])) if table is None else table
        pq.write_table(made, tmp_path / "given.parquet", write_statistics=statistics)
        with pytest.raises(ConfigurationError) as said:
            reconcile(
                lines=write(tmp_path / "l.parquet", LINES, [line(2, psp_reference="c1")]),
                orders=write(tmp_path / "o.parquet", ORDERS, [order("o1", psp_reference="c1")]),
                bank_credits=write(tmp_path / "b.parquet", BANK_CREDITS, []),
                source=SOURCE, as_of=AS_OF, out=tmp_path / "out", **{name: tmp_path / "given.parquet"},
            )  # fmt: skip
        assert list((tmp_path / "out").iterdir()) == []
        return str(said.value)

    return one


def nullable(table: Table) -> pa.Schema:
    """The schema with every column, as somebody writes it who knows of no constraint."""

    def loosened(field: pa.Field) -> pa.Field:
        kind = pa.struct([loosened(each) for each in field.type]) if pa.types.is_struct(field.type) else field.type
        return pa.field(field.name, kind)

    return pa.schema([loosened(field) for field in arrow_schema(table)])


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("open_items", item(item_id=None), "column item_id holds NULL"),
        ("open_items", item(outcome=None), "column outcome holds NULL"),
        ("open_items", item(line=item()["line"] | {"gross": None}), "line.gross is NULL where there is the open line"),
        ("open_items", item(line=None, order=order("o1", due_at=None) | {"amount": None}), "order.amount is NULL"),
        ("claims", claim("o1", 3) | {"line_type": None}, "column line_type holds NULL"),
        ("claims", claim("o1", 3) | {"settlement_date": None}, "column settlement_date holds NULL"),
        ("bank_matches", at_bank(owed=None), "column owed holds NULL"),
    ],
)
def test_a_null_that_would_be_passed_over(refused: Refused, name: str, row: Row, said: str, statistics: bool) -> None:
    whole = {"open_items": item(item_id="line:2"), "claims": claim("o2", 4), "bank_matches": at_bank(batch_id="B9")}
    assert said in refused(name, whole[name], row, statistics=statistics)


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("open_items", item(source="other"), "1 open items are of another source than shop_pe"),
        ("open_items", item(line=item()["line"] | {"source": "other"}), "are of another source"),
        ("open_items", item(outcome="matched"), "have an outcome with which nothing stays open; known are amount_"),
        ("open_items", item(line=item()["line"] | {"line_type": "payment"}), "are of a type there is not"),
        ("open_items", item(line=item()["line"] | {"line_no": 0}), "have a number that is not between 1"),
        ("open_items", item(line=None, order=order("o1", status="paid")), "have a status there is not"),
        ("open_items", item(line=None, order=order("o1", merchant="other")), "are of another merchant than 30145"),
        ("open_items", item(line=None), "hold neither a line nor an order"),
        ("open_items", item(settlement_date=date(2026, 3, 3)), "are of a later day than 2026-03-02"),
        ("claims", claim("o1", 3) | {"line_type": "PAYMENTS"}, "1 claims are of a type that claims nothing"),
        ("claims", claim(None, None, archive_id=None), "are payments and name neither order nor line"),
        ("claims", claim("o1", None), "name an archive without a line"),
        ("claims", gave_back(gross=None), "gave money back and do not say in which line, or how much"),
        ("bank_matches", at_bank(source="other"), "1 bank matches are of another source"),
        ("bank_matches", at_bank(batch_date=date(9999, 12, 31)), "are of a batch of a later day"),
        ("bank_matches", at_bank(status="fine"), "have a status there is not; known are balanced, "),
        ("bank_matches", at_bank(reason="NONE"), "have a reason there is not"),
        ("bank_matches", at_bank(method="guess"), "have a method there is not"),
        ("bank_matches", at_bank(credited=None), "have some of credit_id, value_date, credited, applied and not"),
    ],
)
def test_a_row_that_means_nothing(refused: Refused, name: str, row: Row, said: str) -> None:
    assert said in refused(name, row)


@pytest.mark.parametrize(("name", "row"), [("open_items", item()), ("bank_matches", at_bank(credit_id="k1"))])
def test_a_row_that_is_there_twice(refused: Refused, name: str, row: Row) -> None:
    assert f"1 {name.replace('_', ' ')} are there twice" in refused(name, row, row)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"gross": Decimal(-1)}, "two different things in line_type, currency, gross"),
        ({"gross": Decimal(-1), "settlement_date": date(2026, 2, 28)}, "in line_type, currency, gross"),
        ({"line_type": "CHARGEBACK_REVERSAL"}, "in line_type, currency, gross"),
        ({"order_id": "o2"}, "two different things in order_id"),
        ({"order_id": None}, "two different things in order_id"),
    ],
)
def test_two_claims_of_one_return_that_contradict_each_other(refused: Refused, other: Row, said: str) -> None:
    assert said in refused("claims", gave_back(), gave_back(**other))


def test_a_return_that_is_claimed_twice_was_given_back_once(tmp_path: Path) -> None:
    refund = give_back(1, gross="-40", original_reference="c1")
    orders = [order("o1", psp_reference="c1")]
    claims = [gave_back(gross=Decimal(-60)), claim("o1", 8)]
    assert run(tmp_path, [refund], orders, claims=[*claims, *claims]).outcome(1) == "status_mismatch"
    more = [*claims, gave_back(archive_id=B, line_no=10, gross=Decimal(-1))]
    assert run(tmp_path, [refund], orders, claims=more).outcome(1) == "amount_mismatch"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("gross", pa.array([100.0]), "line.gross does not fit DECIMAL"),
        ("occurred_at", pa.array([AS_OF.replace(tzinfo=None)]), "line.occurred_at is timestamp"),
        ("source", pa.array([["shop_pe"]]), "line.source is list"),
        ("currency", None, "lacks the columns line.currency"),
    ],
)
def test_a_record_of_other_fields(refused: Refused, field: str, value: pa.Array | None, said: str) -> None:
    made = pa.Table.from_pylist([item()], nullable(OPEN_ITEMS))
    record = made["line"].combine_chunks()
    values = {each.name: record.field(each.name) for each in record.type} | {field: value}
    kept = {name: each for name, each in values.items() if each is not None}
    other = pa.StructArray.from_arrays(list(kept.values()), list(kept))
    table = made.set_column(made.schema.get_field_index("line"), "line", other)
    assert said in refused("open_items", table=table)


def test_a_record_that_is_none(refused: Refused) -> None:
    made = pa.Table.from_pylist([item()], nullable(OPEN_ITEMS))
    table = made.set_column(made.schema.get_field_index("line"), "line", pa.array(["PAYMENT 100"]))
    assert "lacks the columns line.source, line.archive_id" in refused("open_items", table=table)


def test_bank_matches_without_credits_are_of_no_use(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no bank credits .*\(--bank-credits\)"):
        reconcile(
            lines=write(tmp_path / "l.parquet", LINES, []),
            orders=write(tmp_path / "o.parquet", ORDERS, []),
            bank_matches=write(tmp_path / "m.parquet", BANK_MATCHES, [at_bank()]),
            source=SOURCE, as_of=AS_OF, out=tmp_path / "out", settlement_date=DAY,
        )  # fmt: skip
