"""The bank side of a reconciliation: `bank_matches.parquet` of one day, and what later days make of it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.matching.bank import write_bank_matches
from cuadre.matching.engine import duckdb_engine
from cuadre.matching.inputs import lacking_columns, open_input
from cuadre.model.codes import BankMethod, BankReason, BatchStatus
from cuadre.model.columns import BANK_CREDITS, BANK_MATCHES, LINES, ORDERS
from cuadre.model.errors import ConfigurationError, Refusal
from cuadre.model.records import ReconcileReport
from cuadre.pipeline.reconcile import reconcile
from tests.matching.tiny import AS_OF, DAY, SOURCE, has_columns_of, line, write

Row = dict[str, Any]
WINDOW = timedelta(days=5)


def batch(
    batch_id: str | None, net: str, *, paid: str | None = None, day: date = DAY, currency: str = "PEN"
) -> list[Row]:
    """A payment of `net` without fees, and the payout line that goes with it; `paid` "" leaves it out."""
    archive = f"{batch_id}{currency}{day}".encode().hex().ljust(64, "0")[:64]
    own = {"batch_id": batch_id, "settlement_date": day, "archive_id": archive, "currency": currency}
    lines = [line(1, gross=net, fee="0", tax="0", **own)]
    if paid != "":
        payout = -Decimal(paid or net)
        lines.append(line(2, line_type="PAYOUT", gross=payout, fee="0", tax="0", channel=None, **own))
    return lines


def credit(
    credit_id: str, amount: str, reference: str | None = None, *, day: date = DAY + timedelta(1), **but: Any
) -> Row:
    """A credit in PEN of the day after."""
    row = {"credit_id": credit_id, "account": "main", "value_date": day, "currency": "PEN", "reference": reference}
    return row | {"amount": Decimal(amount)} | but


@dataclass(frozen=True)
class House:
    """Runs days one after the other, each with what the earlier ones left."""

    folder: Path

    def run(self, lines: Sequence[Row], credits_: Sequence[Row], *, day: date = DAY, again: str = "") -> list[Row]:
        """The rows of `bank_matches` of `day`, judged as of the day after it."""
        out, left = self.folder / f"{day}{again}", self.folder / "left"
        left.mkdir(parents=True, exist_ok=True)
        out.mkdir()
        with duckdb_engine(out) as db:
            given = {
                "todays_lines": (LINES, [write(out / "lines.parquet", LINES, lines)]),
                "bank_credits": (BANK_CREDITS, [write(out / "credits.parquet", BANK_CREDITS, credits_)]),
                "bank_before": (BANK_MATCHES, sorted(left.iterdir())),
            }
            for name, (table, files) in given.items():
                open_input(db, name, table, files, lacking=lacking_columns(table, files), small=False)
            made = out / "bank_matches.parquet"
            today = day + timedelta(1)
            write_bank_matches(
                db, source="shop_pe", settlement_date=day, today=today, window_days=WINDOW.days, out=made
            )
        shutil.copyfile(made, left / f"{day}.parquet")
        rows: list[Row] = pq.read_table(made).to_pylist()
        return rows


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def told(rows: list[Row]) -> list[tuple[Any, ...]]:
    return [(row["batch_id"], row["status"], row["method"], row["credit_id"], row["reason"]) for row in rows]


def test_reconcile_leaves_the_matches_only_when_there_are_credits(tmp_path: Path) -> None:
    def left(credits_: Path | None, before: Path | None = None) -> ReconcileReport:
        return reconcile(
            lines=write(tmp_path / "lines.parquet", LINES, batch("B1", "100")),
            orders=write(tmp_path / "orders.parquet", ORDERS, []),
            source=SOURCE,
            as_of=AS_OF,
            out=tmp_path / "out",
            bank_credits=credits_,
            bank_matches=before,
        )

    without = left(None)
    assert (without.batches, without.bank_matches_path) == ({}, None)
    assert not (tmp_path / "out" / "bank_matches.parquet").exists()
    report = left(write(tmp_path / "credits.parquet", BANK_CREDITS, [credit("C1", "100", "B1")]))
    assert report.batches == {"balanced": 1}
    table = pq.read_table(report.bank_matches_path)
    assert has_columns_of(table, BANK_MATCHES)
    assert told(table.to_pylist()) == [("B1", "balanced", "reference", "C1", None)]
    null = tmp_path / "null.parquet"
    pq.write_table(pa.Table.from_pylist([credit("C1", "100") | {"amount": None}, credit("C2", "1")]), null)
    with pytest.raises(ConfigurationError, match="amount holds NULL"):
        left(null)


def test_a_batch_is_paid_by_the_credit_that_names_it_and_the_row_says_all(house: House) -> None:
    (row,) = house.run(batch("B1", "95.29"), [credit("C1", "95.29", "B1")])
    assert told([row]) == [("B1", "balanced", "reference", "C1", None)]
    assert (row["owed"], row["credited"], row["applied"]) == (Decimal("95.29"),) * 3
    assert (row["batch_date"], row["settlement_date"], row["lines"]) == (DAY, DAY, 1)
    assert (row["gross"], row["net"], row["payout"]) == (Decimal("95.29"),) * 3


def test_without_a_payout_line_the_net_is_owed_and_with_one_the_payout(house: House) -> None:
    lines = [*batch("B1", "100", paid=""), *batch("B2", "100", paid="99")]
    rows = house.run(lines, [credit("C1", "100", "B1"), credit("C2", "99", "B2")])
    assert [(row["owed"], row["status"], row["payout"]) for row in rows] == [
        (Decimal(100), "balanced", None),
        (Decimal(99), "balanced", Decimal(99)),
    ]


def test_of_one_credit_for_several_each_batch_takes_its_own(house: House) -> None:
    rows = house.run([*batch("B1", "101"), *batch("B2", "203")], [credit("C1", "304")])
    assert told(rows) == [
        ("B1", "balanced", "one_for_several", "C1", None),
        ("B2", "balanced", "one_for_several", "C1", None),
    ]
    assert [(row["credited"], row["applied"]) for row in rows] == [
        (Decimal(304), Decimal(101)),
        (Decimal(304), Decimal(203)),
    ]


def test_several_credits_for_one_batch_are_a_row_each(house: House) -> None:
    rows = house.run(batch("B1", "304"), [credit("C2", "101"), credit("C1", "203")])
    assert [(row["credit_id"], row["applied"], row["status"]) for row in rows] == [
        ("C1", Decimal(203), "balanced"),
        ("C2", Decimal(101), "balanced"),
    ]


def test_what_fits_in_two_ways_is_refused_with_the_candidates_named(house: House) -> None:
    lines = [*batch("B1", "1"), *batch("B2", "4"), *batch("B3", "2"), *batch("B4", "3")]
    rows = house.run(lines, [credit("C1", "5")])
    assert {row["status"] for row in rows} == {"bank_ambiguous"}
    assert {row["candidates"] for row in rows} == {"C1 for B1 + B2; C1 for B3 + B4"}
    assert {(row["credit_id"], row["applied"], row["reason"]) for row in rows} == {(None, None, "SEVERAL_FITS")}


def test_a_named_batch_that_gets_another_sum_differs(house: House) -> None:
    rows = house.run(batch("B1", "100"), [credit("C1", "60", "B1"), credit("C2", "39.99", "B1")])
    assert told(rows) == [
        ("B1", "bank_differs", "reference", "C1", "SUM_DIFFERS"),
        ("B1", "bank_differs", "reference", "C2", "SUM_DIFFERS"),
    ]


def test_currencies_are_kept_apart(house: House) -> None:
    lines = [*batch("B1", "100"), *batch("B1", "30", currency="USD")]
    rows = house.run(lines, [credit("C1", "100", "B1", currency="USD"), credit("C2", "30", "B1", currency="USD")])
    assert [(row["currency"], row["status"]) for row in rows] == [
        ("PEN", "bank_pending"),
        ("USD", "bank_differs"),
        ("USD", "bank_differs"),
    ]


def test_lines_without_a_batch_are_paid_by_amount_and_never_by_name(house: House) -> None:
    assert told(house.run(batch(None, "100"), [credit("C1", "100", "-")])) == [("-", "balanced", "amount", "C1", None)]


def test_a_batch_of_nothing_awaits_nothing(house: House) -> None:
    lines = [*batch("B1", "10", paid="0"), line(3, batch_id="B1", gross="-10", line_type="REFUND", fee="0", tax="0")]
    assert told(house.run(lines, [credit("C1", "0")])) == [("B1", "balanced", None, None, "NOTHING_OWED")]


def test_a_batch_waits_within_the_window_and_is_missing_after_it(house: House) -> None:
    states = []
    for number in range(8):
        day = DAY + timedelta(number)
        rows = house.run(batch("B1", "100") if number == 0 else [], [], day=day)
        states.append((rows[0]["status"], rows[0]["batch_date"]))
    assert states == [("bank_pending", DAY)] * 5 + [("bank_missing", DAY)] * 3


@pytest.mark.parametrize(("days", "reference", "paid"), [(3, None, True), (6, None, False), (30, "lote B1", True)])
def test_a_carried_batch_is_balanced_on_the_day_its_credit_comes(
    house: House, days: int, reference: str | None, paid: bool
) -> None:
    house.run(batch("B1", "100"), [])
    late = credit("C1", "100", reference, day=DAY + timedelta(days))
    rows = house.run(batch("B2", "55", day=DAY + timedelta(days)), [late], day=DAY + timedelta(days))
    assert told(rows)[0][:2] == ("B1", "balanced" if paid else "bank_missing")
    assert (rows[0]["batch_date"], rows[0]["settlement_date"]) == (DAY, DAY + timedelta(days))
    following = house.run([], [late], day=DAY + timedelta(days + 1))
    assert ("B1" in {row["batch_id"] for row in following}) != paid


def test_a_credit_is_used_once_and_for_all(house: House) -> None:
    house.run(batch("B1", "100"), [credit("C1", "100", "B1")])
    day = DAY + timedelta(1)
    rows = house.run(batch("B2", "100", day=day), [credit("C1", "100", "B1", day=day)], day=day)
    assert told(rows) == [("B2", "bank_pending", None, None, "NOT_YET_CREDITED")]


def test_a_second_credit_that_names_a_paid_batch_is_told_once_and_pays_no_other(house: House) -> None:
    house.run(batch("B1", "100"), [credit("C1", "100", "B1")])
    day = DAY + timedelta(1)
    second = credit("C2", "100", "B1", day=day)
    rows = house.run(batch("B2", "100", day=day), [second], day=day)
    assert told(rows) == [
        ("B1", "bank_differs", "reference", "C2", "PAID_BEFORE"),
        ("B2", "bank_pending", None, None, "NOT_YET_CREDITED"),
    ]
    after = house.run([], [second], day=day + timedelta(1))
    assert told(after) == [("B2", "bank_pending", None, None, "NOT_YET_CREDITED")]


@pytest.mark.parametrize(
    ("paid_as", "taken_as"), [("B1", "B1"), ("B1", "DEVOLUCION B1"), ("TRF 77", "TRF 77"), (None, "RETURN OF B1")]
)
def test_a_batch_whose_credit_is_taken_back_is_owed_again_until_it_is_paid_anew(
    house: House, paid_as: str | None, taken_as: str
) -> None:
    days = [DAY + timedelta(n) for n in range(5)]
    first = credit("C1", "100", paid_as, day=DAY)
    assert house.run(batch("B1", "100"), [first])[0]["status"] == "balanced"
    both = [first, credit("N1", "-100", taken_as, day=days[1])]
    rows = house.run([], both, day=days[1])
    assert [(*each[:2], *each[3:]) for each in told(rows)] == [
        ("B1", "bank_pending", None, "NOT_YET_CREDITED"),
        ("B1", "bank_pending", "C1", "TAKEN_BACK"),
        ("B1", "bank_pending", "N1", "TAKEN_BACK"),
    ]
    assert sum(row["applied"] or 0 for row in rows) == 0
    assert told(house.run([], both[1:], day=days[2])) == [("B1", "bank_pending", None, None, "NOT_YET_CREDITED")]
    anew = [*both, credit("C3", "100", "B1", day=days[3])]
    assert told(house.run([], anew, day=days[3])) == [("B1", "balanced", "reference", "C3", None)]
    assert house.run([], anew, day=days[4]) == []


def test_a_batch_that_is_paid_anew_on_the_day_its_credit_is_taken_back_is_paid(house: House) -> None:
    credits_ = [credit("C1", "100", "B1", day=DAY)]
    house.run(batch("B1", "100"), credits_)
    day = DAY + timedelta(1)
    credits_ += [credit("N1", "-100", "B1", day=day), credit("C2", "100", "B1", day=day)]
    rows = house.run([], credits_, day=day)
    assert {row["status"] for row in rows} == {"balanced"}
    assert sum(row["applied"] for row in rows) == 100
    assert house.run([], credits_, day=day + timedelta(1)) == []
    gone = [*credits_, credit("N2", "-100", "B1", day=day + timedelta(2))]
    assert {row["status"] for row in house.run([], gone, day=day + timedelta(2))} == {"bank_pending"}


def test_all_batches_of_one_credit_are_owed_again_and_of_several_only_the_part_taken_back(house: House) -> None:
    lines = [*batch("B1", "101"), *batch("B2", "203"), *batch("B3", "50")]
    credits_ = [credit("C1", "304", "X"), credit("C2", "20", "B3"), credit("C3", "30", "B3")]
    assert {row["status"] for row in house.run(lines, credits_)} == {"balanced"}
    day = DAY + timedelta(1)
    credits_ += [credit("N1", "-304", "X", day=day), credit("N2", "-30", "B3", day=day)]
    rows = house.run([], credits_, day=day)
    assert {(row["batch_id"], row["status"]) for row in rows} == {
        ("B1", "bank_pending"), ("B2", "bank_pending"), ("B3", "bank_differs")
    }  # fmt: skip
    credits_ += [credit("C4", "304", "B1 B2", day=day), credit("C5", "30", "B3", day=day)]
    rows = house.run([], credits_, day=day + timedelta(1))
    assert [(row["batch_id"], row["status"], row["credit_id"]) for row in rows] == [
        ("B1", "balanced", "C4"), ("B2", "balanced", "C4"), ("B3", "balanced", "C2"), ("B3", "balanced", "C5")
    ]  # fmt: skip


@pytest.mark.parametrize("reference", ["TRF 77", "B1"])
def test_a_credit_taken_back_before_anybody_looked_pays_nothing(house: House, reference: str) -> None:
    day = DAY + timedelta(1)
    rows = house.run(batch("B1", "100"), [credit("C1", "100", reference), credit("N1", "-100", reference, day=day)])
    assert "balanced" not in {row["status"] for row in rows}


def test_a_debit_that_pays_a_batch_of_less_than_nothing_takes_nothing_back(house: House) -> None:
    lines = [*batch("B1", "100"), *batch("B2", "-100")]
    rows = house.run(lines, [credit("C1", "100", "TRF"), credit("N1", "-100", "TRF")])
    assert {(row["batch_id"], row["status"], row["credit_id"]) for row in rows} == {
        ("B1", "balanced", "C1"), ("B2", "balanced", "N1")
    }  # fmt: skip


def test_a_part_of_a_batch_is_completed_by_a_credit_of_a_later_day(house: House) -> None:
    house.run(batch("B1", "100"), [credit("C1", "60", "B1")])
    day = DAY + timedelta(40)
    still = house.run([], [], day=day)
    assert told(still) == [("B1", "bank_differs", "reference", "C1", "SUM_DIFFERS")]
    rows = house.run([], [credit("C2", "40", "B1", day=day)], day=day + timedelta(1))
    assert [(row["status"], row["credit_id"]) for row in rows] == [("balanced", "C1"), ("balanced", "C2")]


def test_a_rival_that_is_out_of_sight_makes_nothing_certain(house: House) -> None:
    one, other = credit("C1", "100"), credit("C2", "100", day=DAY + timedelta(2))
    assert {row["status"] for row in house.run(batch("B1", "100"), [one, other])} == {"bank_ambiguous"}
    far = DAY + timedelta(37)
    assert told(house.run([], [other], day=far)) == [("B1", "bank_missing", None, None, "NOT_CREDITED")]


def test_the_same_inputs_give_the_same_bytes_whatever_their_order(house: House) -> None:
    lines = [*batch("B1", "101"), *batch("B2", "203"), *batch("B3", "7"), *batch("B4", "7")]
    credits_ = [credit("C1", "304"), credit("C2", "7"), credit("C3", "1", "B9")]
    made = []
    for number, order in enumerate(itertools.islice(itertools.permutations(credits_), 3)):
        house.run(lines[::-1] if number else lines, list(order), again=f"-{number}")
        made.append((house.folder / f"{DAY}-{number}" / "bank_matches.parquet").read_bytes())
    assert len(set(made)) == 1


def test_a_day_run_again_does_not_look_at_what_it_left_itself(house: House) -> None:
    lines, credits_ = batch("B1", "100"), [credit("C1", "100", "B1")]
    assert house.run(lines, credits_) == house.run(lines, credits_, again="again")


def test_a_credit_given_twice_is_refused(house: House) -> None:
    with pytest.raises(Refusal, match="1 bank credits are there twice"):
        house.run(batch("B1", "1"), [credit("C1", "1"), credit("C1", "2")])


def test_a_settlement_never_gives_a_credit_twice_or_more_than_it_has(house: House) -> None:
    lines = [row for number in range(1, 9) for row in batch(f"B{number}", str(number * number))]
    credits_ = [credit(f"C{number}", str(amount)) for number, amount in enumerate((5, 25, 61, 9, 49, 64, 3))]
    rows = [row for row in house.run(lines, credits_) if row["status"] == "balanced"]
    assert rows
    for credit_id in {row["credit_id"] for row in rows}:
        own = [row for row in rows if row["credit_id"] == credit_id]
        assert sum(row["applied"] for row in own) == own[0]["credited"]
    for batch_id in {row["batch_id"] for row in rows}:
        own = [row for row in rows if row["batch_id"] == batch_id]
        assert sum(row["applied"] for row in own) == own[0]["owed"]


def test_every_code_of_a_row_is_a_published_one(house: House) -> None:
    rows = house.run([*batch("B1", "1"), *batch("B2", "2")], [credit("C1", "2", "B2"), credit("C2", "5", "B1")])
    assert {row["status"] for row in rows} <= {status.name for status in BatchStatus}
    assert {row["method"] for row in rows} <= {method.name for method in BankMethod} | {None}
    assert {row["reason"] for row in rows} <= {reason.name for reason in BankReason} | {None}
