"""What an open line may mean is suggested with its evidence, and nothing is ever closed by it."""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cuadre.matching.engine import duckdb_engine
from cuadre.matching.inputs import lacking_columns, open_input
from cuadre.matching.models import shared_parameters, steps
from cuadre.matching.results import write_open_items, write_outcomes
from cuadre.model.columns import CLAIMS, LINES, OPEN_ITEMS, ORDERS, OUTCOMES, SUGGESTIONS
from tests.matching.tiny import AS_OF, DAY, PAID_AT, SOURCE, Result, codes, give_back, has_columns_of, line, order, run

_NEAR = ["REFERENCE_NEAR_ALONE", "TIME_NEAR"]
_NOTHING: dict[str, Any] = {"reasons": []}
NOT_YET = PAID_AT + timedelta(days=9)


def suggested(result: Result) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(result.report.suggestions_path).to_pylist()
    return rows


def test_a_typo_in_a_reference_is_suggested_and_closes_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, [line(1, psp_reference="967945846229")], [order("SO-1", psp_reference="967945846829")])

    assert [row["outcome"] for row in result.rows] == ["missing_in_orders", "missing_in_settlement"]
    (row,) = suggested(result)
    assert (row["item_id"], row["suggested_item_id"]) == (result.line(1)["item_id"], "order:SO-1")
    assert codes(row) == ["REFERENCE_NEAR_ALONE", "AMOUNT_SAME_ALONE", "TIME_NEAR"]
    assert (row["score"], row["choice"], result.report.suggestions) == (Decimal("0.9"), 1, 1)
    assert row["reasons"][0] | {"code": None} == {
        "code": None, "field": "psp_reference", "expected": "967945846829", "got": "967945846229", "delta": None,
    }  # fmt: skip
    assert has_columns_of(pq.read_table(result.report.suggestions_path), SUGGESTIONS)


ONE_SLIP = (
    "96794584x229", "96794584629", "9679458462290", "967945486229", "697945846229", "967945846292", "67945846229",
    "967945847229", "96794546229", "967948546229", "9679458846229", "x967945846229", "967945846229x",
)  # fmt: skip
TWO_SLIPS = ("96794584xx29", "967549846229", "9679458462", "x67945846229x", "229967945846", "96974584629")


def test_every_single_slip_is_found_wherever_it_is(tmp_path: Path) -> None:
    assert _found(tmp_path, ONE_SLIP) == set(ONE_SLIP)


def test_two_slips_are_no_evidence(tmp_path: Path) -> None:
    assert _found(tmp_path, TWO_SLIPS) == set()


def _found(folder: Path, slips: tuple[str, ...]) -> set[str]:
    """Which of the slips of 967945846229 lead to their order; each has one of its own, with two letters before it."""
    marks = [chr(ord("a") + n) * 2 for n in range(len(slips))]
    lines = [line(n, merchant_reference=marks[n - 1] + slip, gross="7") for n, slip in enumerate(slips, start=1)]
    result = run(folder, lines, [order(f"{mark.upper()}967945846229") for mark in marks])
    rows = {row["item_id"]: row for row in suggested(result)}
    assert all(row["reasons"][0]["expected"] == row["order_id"] for row in rows.values())
    return {
        slip for n, slip in enumerate(slips, start=1) if codes(rows.get(result.line(n)["item_id"], _NOTHING)) == _NEAR
    }


def test_null_and_blank_references_never_suggest_by_reference(tmp_path: Path) -> None:
    lines = [line(1, gross="50"), line(2, psp_reference="   ", gross="50"), line(3, psp_reference="\u200b", gross="50")]
    orders = [order("SO-100001"), order("SO-900002", psp_reference="   "), order("SO-500003", psp_reference="\u200b")]
    assert suggested(run(tmp_path, lines, orders)) == []


def test_a_short_reference_has_no_typos(tmp_path: Path) -> None:
    assert suggested(run(tmp_path, [line(1, merchant_reference="SO-19", gross="50")], [order("SO-10")])) == []


def test_an_amount_that_only_two_items_have_suggests_and_one_that_many_have_only_within_the_hour(
    tmp_path: Path,
) -> None:
    lines = [line(1, gross="137.43"), line(2), line(3)]
    orders = [
        order("RARE", amount="137.43", paid_at=PAID_AT + timedelta(hours=20)),
        order("SOON", paid_at=PAID_AT + timedelta(minutes=50)),
        order("LATE", paid_at=PAID_AT + timedelta(hours=20)),
    ]
    result = run(tmp_path, lines, orders)
    found = {(row["item_id"], row["order_id"]): row for row in suggested(result)}

    assert set(found) == {
        (result.line(1)["item_id"], "RARE"), (result.line(2)["item_id"], "SOON"), (result.line(3)["item_id"], "SOON"),
    }  # fmt: skip
    rare = found[result.line(1)["item_id"], "RARE"]
    assert (codes(rare), rare["score"]) == (["AMOUNT_SAME_ALONE", "TIME_NEAR"], Decimal("0.45"))
    assert rare["reasons"][1]["got"] == str(20 * 3600)


def test_another_currency_is_never_suggested(tmp_path: Path) -> None:
    lines = [line(1, psp_reference="967945846229", currency="USD")]
    assert suggested(run(tmp_path, lines, [order("SO-1", psp_reference="967945846829")])) == []


def test_ambiguous_lines_get_their_candidates_in_order_of_what_speaks_for_them(tmp_path: Path) -> None:
    orders = [
        order("SO-1", psp_reference="967945846229", amount="100.4"),
        order("SO-2", psp_reference="967945846229", amount="100"),
        order("SO-3", psp_reference="967945846229", amount="55"),
    ]
    result = run(tmp_path, [line(1, psp_reference="967945846229")], orders)

    assert result.outcome(1) == "ambiguous"
    assert [(row["choice"], row["order_id"]) for row in suggested(result)] == [(1, "SO-2"), (2, "SO-1"), (3, "SO-3")]


def test_a_refund_with_a_typo_and_a_pending_order_are_looked_at_too(tmp_path: Path) -> None:
    lines = [give_back(1, original_reference="96794584622"), line(2, merchant_reference="SO-10000I", gross="99.5")]
    orders = [order("SO-100001", due_at=NOT_YET), order("SO-200002", psp_reference="967945846229")]
    result = run(tmp_path, lines, orders)

    assert {(row["item_id"], row["order_id"]) for row in suggested(result)} == {
        (result.line(1)["item_id"], "SO-200002"),
        (result.line(2)["item_id"], "SO-100001"),
    }


def test_matched_items_are_never_suggested_nor_get_suggestions(tmp_path: Path) -> None:
    lines = [line(1, psp_reference="967945846229"), line(2, psp_reference="967945846228")]
    result = run(tmp_path, lines, [order("SO-1", psp_reference="967945846229")])

    assert result.outcome(1) == "matched"
    assert suggested(result) == []


def test_rows_and_bytes_do_not_depend_on_the_order_of_the_rows(tmp_path: Path) -> None:
    rng = random.Random(5)
    lines = [
        line(n, psp_reference=f"9679{rng.randrange(10**5):05}", gross=rng.choice(["100", "99.5", "20"]),
             occurred_at=PAID_AT + timedelta(seconds=rng.randrange(8_000)))
        for n in range(1, 200)
    ]  # fmt: skip
    orders = [
        order(f"SO-{n}", psp_reference=f"9679{rng.randrange(10**5):05}", amount=rng.choice(["100", "20"]),
              paid_at=PAID_AT + timedelta(seconds=rng.randrange(8_000)))
        for n in range(200)
    ]  # fmt: skip
    digests = set()
    for turn in range(3):
        result = run(tmp_path / str(turn), lines, orders, split=1 + turn)
        digests.add(hashlib.sha256(Path(result.report.suggestions_path).read_bytes()).hexdigest())
        rng.shuffle(lines)
        rng.shuffle(orders)
    assert len(digests) == 1
    assert result.report.suggestions > 100


def test_outcomes_and_open_items_are_the_same_bytes_when_nothing_is_suggested(tmp_path: Path) -> None:
    lines = [line(n, psp_reference=f"96794584622{n}") for n in range(5)]
    orders = [order(f"SO-{n}", psp_reference=f"96794584{n}229") for n in range(5)]
    result = run(tmp_path / "with", [{**each, "line_no": n} for n, each in enumerate(lines, start=1)], orders)
    assert result.report.suggestions > 0

    given = {
        "todays_lines": (LINES, [tmp_path / "with" / "lines0.parquet"]),
        "snapshot_orders": (ORDERS, [tmp_path / "with" / "orders.parquet"]),
        "given_claims": (CLAIMS, [tmp_path / "with" / "claims.parquet"]),
        "open_items": (OPEN_ITEMS, []),
        "earlier_outcomes": (OUTCOMES, []),
    }
    with duckdb_engine(tmp_path) as db:
        for name, (table, files) in given.items():
            open_input(db, name, table, files, lacking=lacking_columns(table, files), small=False)
        shared = shared_parameters(SOURCE, DAY, AS_OF, lacking_columns(*given["snapshot_orders"]))
        for step in steps(SOURCE, small=False):
            db.run(step.statement(shared))
        write_outcomes(db, shared, tmp_path / "outcomes.parquet")
        write_open_items(db, shared, tmp_path / "open_items.parquet")
    for name in ("outcomes.parquet", "open_items.parquet"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "with" / "out" / name).read_bytes()


def test_no_item_has_more_than_three_suggestions_on_either_side(tmp_path: Path) -> None:
    lines = [line(n) for n in range(1, 40)]
    orders = [order(f"SO-{n}", paid_at=PAID_AT + timedelta(seconds=n)) for n in range(40)]
    rows = suggested(run(tmp_path, lines, orders))

    for side in ("item_id", "suggested_item_id"):
        assert max([row[side] for row in rows].count(each[side]) for each in rows) <= 3
    assert all(row["settlement_date"] == DAY for row in rows)
