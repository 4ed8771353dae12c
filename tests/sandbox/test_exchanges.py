"""Exchanged payments from the sealed archive on: planted with their answers, admitted, checked, reconciled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cuadre.config import Source, load_source
from cuadre.config.exchange import Exchange
from cuadre.model.errors import ConfigurationError
from cuadre.pipeline.check import check
from cuadre.pipeline.reconcile import reconcile
from cuadre.sandbox.archive import SandboxDay, make_archive
from tests.fixtures.sandbox import DAY
from tests.sandbox.opening import Record, body
from tests.sandbox.test_answers import answered, lines_of, rows

Make = Callable[..., SandboxDay]
CENT = Decimal("0.01")
RATES = {"USD": {"PEN": ["3.70", "3.80"]}}


def _difference(record: Record) -> Decimal:
    converted = (Decimal(record["paid_amount"]) * Decimal(record["exchange_rate"])).quantize(CENT, ROUND_HALF_UP)
    return Decimal(record["gross"]) - converted


def test_a_day_without_exchanged_payments_has_no_columns_for_them(sandbox_day: Make) -> None:
    assert "exchange_rate" not in body(sandbox_day(2000))[0]


def test_an_exchanged_payment_says_what_was_paid_and_its_order_asks_for_that(sandbox_day: Make) -> None:
    day = sandbox_day(2000, exchanged=0.2)
    exchanged = [record for record in body(day) if record["exchange_rate"]]
    orders = {order["order_id"]: order for order in rows(day.orders)}

    assert 300 < len(exchanged) == day.planted["exchanged"] < 400
    for record in exchanged:
        assert (record["type"], record["currency"], record["paid_currency"]) == ("PAYMENT", "PEN", "USD")
        assert _difference(record) == 0
        order = orders[record["transaction_code"]]
        assert (order["currency"], order["amount"]) == ("USD", Decimal(record["paid_amount"]))
    assert 0 < sum(orders[record["transaction_code"]]["psp_reference"] is None for record in exchanged) < 50


def test_their_rates_are_among_those_the_source_believes(sandbox_day: Make, sandbox_source: Source) -> None:
    day = sandbox_day(500, exchanged=0.5)
    rates = [Decimal(record["exchange_rate"]) for record in body(day) if record["exchange_rate"]]
    least, greatest = sandbox_source.settlement.exchange.rates["USD"]["PEN"]
    assert least <= min(rates) < max(rates) <= greatest


def test_from_the_archive_to_the_outcome_every_row_is_the_one_planted(sandbox_day: Make, tmp_path: Path) -> None:
    day = sandbox_day(3000, breaks=0.1, exchanged=0.2, parts=3)
    source = load_source(day.source)
    lines = lines_of(day, tmp_path / "lines")
    assert check(lines, source).passed
    reconcile(lines=lines, orders=day.orders, source=source, as_of=day.as_of, out=tmp_path)
    found = rows(tmp_path / "outcomes.parquet")

    assert answered(found) == answered(rows(day.answers))
    told = [(row, reason) for row in found for reason in row["reasons"] if reason["code"] == "FX_DIFFERENCE"]
    assert Counter(row["outcome"] for row, _ in told) == {
        "matched_with_variance": day.planted["exchanged, with a difference"],
        "amount_mismatch": day.planted["exchanged, with too great a difference"],
    }
    orders = {order["order_id"]: order for order in rows(day.orders)}
    records = {(day.archive_ids[part], no): r for part in range(3) for no, r in enumerate(body(day, part + 1), 1)}
    for row, reason in told:
        record = records[row["archive_id"], row["line_no"]]
        assert orders[row["order_id"]]["currency"] == record["paid_currency"] == "USD"
        assert (row["currency"], row["delta"], reason["delta"]) == ("PEN", _difference(record), _difference(record))
    exact = [r for key, r in records.items() if r.get("exchange_rate") and not _difference(r)]
    assert len(exact) == day.planted["exchanged"] > 200


def test_parts_with_and_without_the_columns_are_one_day(sandbox_day: Make, tmp_path: Path) -> None:
    day = sandbox_day(3000, exchanged=0.0005, parts=12)
    lines = lines_of(day, tmp_path / "lines")
    given = {"exchange_rate" in pq.read_schema(part).names for part in lines}
    source = load_source(day.source)
    reconcile(lines=lines, orders=day.orders, source=source, as_of=day.as_of, out=tmp_path)

    assert given == {True, False}
    assert check(lines, source).failed == ()
    assert answered(rows(tmp_path / "outcomes.parquet")) == answered(rows(day.answers))


@pytest.mark.parametrize(
    "changes",
    [
        {"settlement": {"exchange": {"percent": "0", "rates": RATES}}},
        {"settlement": {"tolerance": {"PEN": "0.05", "USD": "0.02"}, "exchange": {"percent": "20", "rates": RATES}}},
        {"settlement": {"exchange": {"rates": {"USD": {"PEN": ["0.000250", "0.000300"]}}}}},
        {"settlement": {"exchange": {"rates": {"USD": {"PEN": ["900", "1000"]}}}}},
    ],
)
def test_other_sources_exchange_as_they_declare(
    sandbox_day: Make, sandbox_source: Source, tmp_path: Path, changes: dict[str, object]
) -> None:
    plain = sandbox_source.model_dump(mode="json", exclude_unset=True) | {"limits": {}, "decisions": {}, "fees": ()}
    source = Source.model_validate(plain | {"thresholds": {}} | changes)
    day = sandbox_day(500, exchanged=0.4, breaks=0.1, source=source)
    reconcile(lines=lines_of(day, tmp_path / "lines"), orders=day.orders, source=source, as_of=day.as_of, out=tmp_path)
    assert answered(rows(tmp_path / "outcomes.parquet")) == answered(rows(day.answers))


def test_a_source_without_rates_has_no_exchanged_payments(sandbox_day: Make, sandbox_source: Source) -> None:
    settlement = sandbox_source.settlement.model_copy(update={"exchange": Exchange()})
    with pytest.raises(ConfigurationError, match="declares no rates of USD in PEN"):
        sandbox_day(500, exchanged=0.4, source=sandbox_source.model_copy(update={"settlement": settlement}))


def test_a_rate_nobody_believes_clears_nothing_of_a_whole_day(
    sandbox_day: Make, sandbox_source: Source, tmp_path: Path
) -> None:
    day = sandbox_day(500, exchanged=0.4)
    believed = Exchange.model_validate({"rates": {"USD": {"PEN": ["0.25", "0.28"]}}})
    settlement = sandbox_source.settlement.model_copy(update={"exchange": believed})
    source = load_source(day.source).model_copy(update={"settlement": settlement})
    reconcile(lines=lines_of(day, tmp_path / "lines"), orders=day.orders, source=source, as_of=day.as_of, out=tmp_path)
    found = Counter(row["outcome"] for row in rows(tmp_path / "outcomes.parquet"))
    assert found["amount_mismatch"] == day.planted["exchanged"] > 100


def test_the_next_day_settles_and_gives_back_what_was_exchanged(sandbox_day: Make, tmp_path: Path) -> None:
    first = sandbox_day(1000, breaks=0.1, exchanged=0.9)
    day = sandbox_day(2000, breaks=0.1, exchanged=0.2, day=DAY + timedelta(days=1), previous=first)
    reconcile(
        lines=lines_of(day, tmp_path / "lines"),
        orders=day.orders,
        source=load_source(day.source),
        as_of=day.as_of,
        out=tmp_path,
        claims=day.claims,
    )
    assert answered(rows(tmp_path / "outcomes.parquet")) == answered(rows(day.answers))


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_that_is_none_is_said(tmp_path: Path, sandbox_source: Source, share: float) -> None:
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        make_archive(sandbox_source, DAY, lines=300, seed=1, out=tmp_path, exchanged=share)
