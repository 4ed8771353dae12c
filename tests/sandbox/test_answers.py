"""The answers are the truth: they cover every outcome, hold what was planted, and the engine finds the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cuadre.config import Source, load_source
from cuadre.model.codes import BREAKS as BREAK_OUTCOMES
from cuadre.model.codes import Outcome, Verdict
from cuadre.pipeline.admit import admit
from cuadre.pipeline.check import check
from cuadre.pipeline.reconcile import reconcile
from cuadre.sandbox.archive import SandboxDay
from cuadre.sandbox.breaks import BREAKS
from tests.fixtures.sandbox import DAY
from tests.sandbox.opening import body

Make = Callable[..., SandboxDay]
Key = tuple[str | None, int | None, str | None]


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def outcomes(day: SandboxDay) -> Counter[str]:
    return Counter(row["outcome"] for row in rows(day.answers))


def lines_of(day: SandboxDay, out: Path) -> list[Path]:
    """Admit every archive of the day."""
    source = load_source(day.source)
    for archive in day.archives:
        admission = admit(archive, source, keyring=day.keyring, out=out / archive.stem, now=day.as_of)
        assert admission.verdict is Verdict.ADMITTED, admission
    return sorted(out.rglob("lines*.parquet"))


def answered(answers: list[dict[str, Any]]) -> dict[Key, tuple[str, str | None]]:
    """Outcome and order of every line and of every order without a line."""
    found = {
        (row["archive_id"], row["line_no"], None if row["archive_id"] else row["order_id"]): (
            row["outcome"],
            row["order_id"],
        )
        for row in answers
    }
    assert len(found) == len(answers)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("lines", "share"), [(200, 0.01), (2000, 0.01), (2000, 0.3)])
def test_every_outcome_is_planted_as_soon_as_there_are_breaks(
    sandbox_day: Make, lines: int, share: float, seed: int
) -> None:
    assert set(outcomes(sandbox_day(lines, breaks=share, seed=seed))) == {outcome.name for outcome in Outcome}


def test_a_clean_day_holds_nothing_but_matches_own_lines_and_what_is_not_due(sandbox_day: Make) -> None:
    assert set(outcomes(sandbox_day(2000))) == {"matched", "not_an_order", "pending"}


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_the_share_of_rows_that_are_wrong_is_the_one_asked_for(sandbox_day: Make, share: float) -> None:
    found = outcomes(sandbox_day(5000, breaks=share))
    wrong = sum(found[outcome.name] for outcome in (*BREAK_OUTCOMES, Outcome.matched_with_variance))

    assert wrong == pytest.approx(5000 * share, rel=0.06)


def test_every_line_and_every_order_has_one_answer(sandbox_day: Make) -> None:
    day = sandbox_day(2000, breaks=0.3)
    answers = rows(day.answers)
    known = {order["order_id"] for order in rows(day.orders)}

    assert [a["line_no"] for a in answers if a["archive_id"]] == list(range(1, 2001))
    answered(answers)
    assert {a["order_id"] for a in answers if a["order_id"]} <= known


@pytest.mark.parametrize(("seed", "lines", "share"), [(1, 3000, 0.1), (2, 3000, 0.4), (3, 200, 0.01), (4, 2000, 0.0)])
def test_the_engine_finds_what_was_planted_to_the_row(
    sandbox_day: Make, tmp_path: Path, seed: int, lines: int, share: float
) -> None:
    day = sandbox_day(lines, breaks=share, seed=seed)
    reconcile(
        lines=lines_of(day, tmp_path / "lines"),
        orders=day.orders,
        source=load_source(day.source),
        as_of=day.as_of,
        out=tmp_path,
        settlement_date=day.day,
        bank_credits=day.bank_credits,
    )

    assert answered(rows(tmp_path / "outcomes.parquet")) == answered(rows(day.answers))
    if lines == 3000:
        assert set(day.planted) == {kind.name for kind in BREAKS if not kind.second_day}


def test_three_days_in_a_row_settle_what_the_day_before_left_pending(sandbox_day: Make, tmp_path: Path) -> None:
    before, open_items = None, None
    for number in range(3):
        day = sandbox_day(2000, breaks=0.1, day=DAY + timedelta(days=number), previous=before, parts=number + 1)
        folder = tmp_path / str(number)
        reconcile(
            lines=lines_of(day, folder / "lines"),
            orders=day.orders,
            source=load_source(day.source),
            as_of=day.as_of,
            out=folder,
            settlement_date=day.day,
            open_items=open_items,
            bank_credits=day.bank_credits,
            claims=day.claims,
        )
        found, truth = answered(rows(folder / "outcomes.parquet")), answered(rows(day.answers))
        assert {key: found.get(key) for key in truth} == truth
        if before is not None:
            left = {key[2] for key, (outcome, _) in answered(rows(before.answers)).items() if outcome == "pending"}
            settled = {order for key, (outcome, order) in truth.items() if key[0] and outcome == "matched"}
            assert left
            assert left <= settled
            assert "settled on an earlier day" in day.planted
        before, open_items = day, folder / "open_items.parquet"


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_no_row_level_break_closes_the_gate_and_a_clean_day_warns_of_nothing(
    sandbox_day: Make, tmp_path: Path, share: float
) -> None:
    day = sandbox_day(2000, breaks=share)
    report = check(lines_of(day, tmp_path), load_source(day.source))

    assert report.passed
    assert bool(report.failed) is bool(share)


def test_what_is_pending_becomes_missing_once_it_is_due(sandbox_day: Make) -> None:
    noon = datetime(2026, 3, 5, 12, tzinfo=UTC)
    early, usual, late = (
        outcomes(sandbox_day(2000, breaks=0.1, as_of=as_of))
        for as_of in (noon - timedelta(days=1), noon, noon + timedelta(days=1))
    )

    assert usual == outcomes(sandbox_day(2000, breaks=0.1))
    assert early["missing_in_settlement"] == 0
    assert late["pending"] == 0
    assert usual["pending"] + usual["missing_in_settlement"] == early["pending"] == late["missing_in_settlement"]


@pytest.mark.parametrize(
    "changes",
    [
        {"currencies": ("USD",), "limits": {}, "fees": (), "settlement": {}, "thresholds": {}, "decisions": {}},
        {"settlement": {"lag_days": 0}},
        {"settlement": {"lag_days": 3, "tolerance": {"PEN": "0.10"}}},
        {"timezone": "Europe/Madrid"},
        {
            "fees": [
                {"currency": "PEN", "valid_from": "2026-01-01", "percent": "2.5", "fixed": "0.30", "maximum": "9"},
                {"currency": "PEN", "channel": "wallet", "valid_from": "2026-03-01", "percent": "1", "decimals": 0},
            ]
        },
    ],
)
def test_other_sources_are_played_as_they_are_declared(
    sandbox_day: Make, sandbox_source: Source, tmp_path: Path, changes: dict[str, Any]
) -> None:
    source = Source.model_validate(sandbox_source.model_dump(mode="json", exclude_unset=True) | changes)
    day = sandbox_day(2000, breaks=0.2, source=source, as_of=source.as_of(DAY))
    reconcile(
        lines=lines_of(day, tmp_path / "lines"),
        orders=day.orders,
        source=load_source(day.source),
        as_of=day.as_of,
        out=tmp_path,
        settlement_date=day.day,
    )

    assert answered(rows(tmp_path / "outcomes.parquet")) == answered(rows(day.answers))


def test_blank_references_on_both_sides_are_really_there(sandbox_day: Make) -> None:
    day = sandbox_day(3000, breaks=0.3)
    blank = [
        r for r in body(day) if r["type"] == "PAYMENT" and not r["cip"].strip() and not r["transaction_code"].strip()
    ]

    assert {"", "  "} <= {record["cip"] for record in blank}
    assert {"", None} <= {order["psp_reference"] for order in rows(day.orders)}


def test_no_amount_of_an_order_is_out_of_what_a_buyer_can_pay(sandbox_day: Make) -> None:
    orders = rows(sandbox_day(3000, breaks=0.3).orders)

    assert min(order["amount"] for order in orders) >= Decimal(1)
    assert max(order["amount"] for order in orders) <= Decimal(3724)
