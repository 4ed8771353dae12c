"""What `check` promises of a day: red exactly where a fault is planted, and a gate that only critical ones close."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cuadre.config import Source
from cuadre.model.arrow import arrow_schema
from cuadre.model.codes import CheckSeverity
from cuadre.model.columns import LINES
from cuadre.model.errors import ConfigurationError, GateClosed
from cuadre.model.records import CheckReport, from_json, to_json
from cuadre.pipeline.check import check, gate
from cuadre.quality.expectations import EXPECTATIONS
from tests.quality.conftest import ARCHIVE, DAY, Line, Write, clean_day, line

KEY = ARCHIVE[:12]


def failed(report: CheckReport) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {result.check_name: (result.unexpected, result.keys) for result in report.failed}


def test_a_clean_day_passes_every_expectation_and_the_gate(write: Write, source: Source):
    report = check(write(clean_day()), source, settlement_date=DAY)

    assert failed(report) == {}
    assert report.passed
    assert [result.check_name for result in report.results] == [each.name for each in EXPECTATIONS]
    gate(report)


def test_an_empty_day_passes(write: Write, source: Source):
    report = check(write([]), source, settlement_date=DAY)

    assert report.passed
    assert failed(report) == {}
    assert {result.rows for result in report.results} == {0}


def test_a_day_for_which_no_file_came_passes(source: Source):
    assert check([], source, settlement_date=DAY).passed


def test_rows_counts_the_lines_an_expectation_speaks_of(write: Write, source: Source):
    rows = {result.check_name: result.rows for result in check(write(clean_day()), source).results}

    assert rows["net_adds_up"] == 5
    assert rows["fee_as_contract"] == 3
    assert rows["return_gross_negative"] == 1
    assert rows["batch_nets_to_zero"] == 1


Planted = Callable[[list[Line]], Any]
"""A fault, planted in the lines of the clean day; the first payment is lines[0]."""


def change(index: int, **columns: Any) -> Planted:
    return lambda lines: lines[index].update(columns)


def balanced(index: int, **columns: Any) -> Planted:
    """Change one line's amounts, recompute its net, and let the payout pay the new sum."""

    def plant(lines: list[Line]) -> None:
        changed = lines[index]
        changed.update({name: Decimal(value) for name, value in columns.items()})
        changed["net"] = changed["gross"] - changed["fee"] - changed["tax"]
        payout = lines[4]
        payout["gross"] = payout["net"] = -sum(each["net"] for each in lines[:4])

    return plant


def exchanged(*payments: dict[str, Any]) -> Planted:
    """Let the first payments have been made in dollars; what gross differs at the rate is no fault."""
    whole = {"presentment_currency": "USD", "presentment_amount": Decimal("27.11"), "exchange_rate": Decimal("3.7525")}

    def plant(lines: list[Line]) -> None:
        for each, columns in zip(lines, payments, strict=False):
            each.update({**whole, **columns})

    return plant


FAULTS: list[tuple[str, Planted, dict[str, tuple[int, tuple[str, ...]]]]] = [
    *(
        (f"{c.name}_given", change(3, **{c.name: None}), {f"{c.name}_given": (1, (f"{KEY}:4",))})
        for c in LINES.columns
        if not c.nullable and c.name not in ("archive_id", "line_no", "net", "currency", "gross", "line_type")
    ),
    (
        "exchange_whole",
        exchanged({"exchange_rate": None}, {"presentment_currency": "PEN"}, {"presentment_amount": Decimal(-1)}),
        {"exchange_whole": (3, (f"{KEY}:1", f"{KEY}:2", f"{KEY}:3"))},
    ),
    (
        "exchange_whole",
        exchanged({"presentment_amount": None}, {"presentment_currency": None}, {"exchange_rate": Decimal(0)}),
        {
            "exchange_whole": (3, (f"{KEY}:1", f"{KEY}:2", f"{KEY}:3")),
            "exchange_rate_believed": (1, (f"{KEY}:3",)),
        },
    ),
    (
        "exchange_rate_believed",
        exchanged({"exchange_rate": Decimal("2.999999")}, {"exchange_rate": Decimal("4.500001")}, {}),
        {"exchange_rate_believed": (2, (f"{KEY}:1", f"{KEY}:2"))},
    ),
    ("gross_given", change(3, gross=None), {"gross_given": (1, (f"{KEY}:4",))}),
    (
        "archive_id_given",
        change(4, archive_id=None),
        {"archive_id_given": (1, ()), "lines_complete": (1, ())},
    ),
    (
        "line_no_given",
        change(4, line_no=None),
        {"line_no_given": (1, (f"{KEY}:None",)), "lines_complete": (1, (f"{KEY}:4",))},
    ),
    (
        "currency_given",
        change(1, currency=None),
        {
            "currency_given": (1, (f"{KEY}:2",)),
            "batch_nets_to_zero": (1, (f"{KEY}:5",)),
            "fee_plan_known": (1, (f"{KEY}:2",)),
        },
    ),
    ("line_type_given", change(3, line_type=None), {"line_type_given": (1, (f"{KEY}:4",))}),
    (
        "net_given",
        change(3, net=None),
        {"net_given": (1, (f"{KEY}:4",)), "batch_nets_to_zero": (1, (f"{KEY}:5",))},
    ),
    (
        "line_unique",
        change(3, line_no=3),
        {"line_unique": (1, (f"{KEY}:3",))},
    ),
    ("lines_complete", change(4, line_no=6), {"lines_complete": (1, (f"{KEY}:6",))}),
    ("one_source", change(3, source="somebody_else"), {"one_source": (1, (f"{KEY}:4",))}),
    (
        "settlement_date_asked",
        change(3, settlement_date=DAY - timedelta(days=1)),
        {"settlement_date_asked": (1, (f"{KEY}:4",))},
    ),
    (
        "currency_allowed",
        lambda lines: [each.update(currency="EUR") for each in lines[3:]] and lines[4].update(gross=20, net=20),
        {"currency_allowed": (2, (f"{KEY}:4", f"{KEY}:5"))},
    ),
    ("line_type_known", change(3, line_type="GIFT"), {"line_type_known": (1, (f"{KEY}:4",))}),
    (
        "net_adds_up",
        lambda lines: (
            lines[1].update(net=Decimal("45.88")) or lines[4].update(gross=Decimal("-597.63"), net=Decimal("-597.63"))
        ),
        {"net_adds_up": (1, (f"{KEY}:2",))},
    ),
    (
        "payment_gross_positive",
        balanced(0, gross="0", fee="3.50", tax="0.63"),
        {"payment_gross_positive": (1, (f"{KEY}:1",)), "payment_within_limits": (1, (f"{KEY}:1",))},
    ),
    ("return_gross_negative", balanced(3, gross="20"), {"return_gross_negative": (1, (f"{KEY}:4",))}),
    (
        "batch_nets_to_zero",
        change(4, gross=Decimal("-597.61"), net=Decimal("-597.61")),
        {"batch_nets_to_zero": (1, (f"{KEY}:5",))},
    ),
    (
        "payment_within_limits",
        balanced(0, gross="3724.01", fee="148.59", tax="26.75"),
        {"payment_within_limits": (1, (f"{KEY}:1",))},
    ),
    ("fee_as_contract", balanced(0, fee="4.00"), {"fee_as_contract": (1, (f"{KEY}:1",))}),
    ("tax_as_contract", balanced(0, tax="0.73"), {"tax_as_contract": (1, (f"{KEY}:1",))}),
    (
        "costs_not_negative",
        balanced(0, tax="-0.72"),
        {"costs_not_negative": (1, (f"{KEY}:1",)), "tax_as_contract": (1, (f"{KEY}:1",))},
    ),
    (
        "psp_reference_unique",
        change(1, psp_reference="24000001"),
        {"psp_reference_unique": (2, (f"{KEY}:1", f"{KEY}:2"))},
    ),
    (
        "operation_reference_unique",
        change(1, operation_reference="OP-0001"),
        {"operation_reference_unique": (2, (f"{KEY}:1", f"{KEY}:2"))},
    ),
    (
        "payment_has_reference",
        change(2, psp_reference=None, merchant_reference=None),
        {"payment_has_reference": (1, (f"{KEY}:3",))},
    ),
    ("return_names_original", change(3, original_reference=None), {"return_names_original": (1, (f"{KEY}:4",))}),
    ("references_trimmed", change(2, merchant_reference=" ORD-0003"), {"references_trimmed": (1, (f"{KEY}:3",))}),
    (
        "occurred_before_end_of_day",
        change(2, occurred_at=datetime(2026, 3, 6, 5, 0, tzinfo=UTC)),
        {"occurred_before_end_of_day": (1, (f"{KEY}:3",))},
    ),
    (
        "occurred_within_lookback",
        change(2, occurred_at=datetime(2026, 3, 2, 4, 59, 59, tzinfo=UTC)),
        {"occurred_within_lookback": (1, (f"{KEY}:3",))},
    ),
]


@pytest.mark.parametrize(("name", "plant", "expected"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_a_planted_fault_turns_its_expectation_red_and_only_what_it_touches(
    name: str, plant: Planted, expected: dict[str, tuple[int, tuple[str, ...]]], write: Write, source: Source
):
    lines = clean_day()
    plant(lines)

    report = check(write(lines), source, settlement_date=DAY)

    assert name in expected
    assert failed(report) == expected
    severities = {each.name: each.severity for each in EXPECTATIONS}
    assert report.passed == all(severities[each] is CheckSeverity.WARNING for each in expected)


def test_a_payment_no_plan_covers_is_a_warning(write: Write, source: Source):
    soles_only = source.model_copy(update={"fees": tuple(plan for plan in source.fees if plan.currency == "PEN")})
    dollars = line(6, "PAYMENT", "100.00", "3.99", "0.72", currency="USD", batch_id="LOTE-2")

    report = check(write([*clean_day(), dollars]), soles_only)

    assert failed(report) == {"fee_plan_known": (1, (f"{KEY}:6",))}
    assert report.passed


def test_a_float_amount_is_a_critical_fault_of_the_columns(write: Write, source: Source):
    schema = arrow_schema(LINES)
    as_float = schema.set(schema.get_field_index("gross"), pa.field("gross", pa.float64()))
    lines = [{**each, "gross": float(each["gross"])} for each in clean_day()]

    report = check(write(lines, schema=as_float), source)

    assert failed(report) == {"columns_as_declared": (1, ())}
    assert not report.passed


def test_a_missing_column_is_a_critical_fault_and_breaks_no_other_expectation(write: Write, source: Source):
    schema = arrow_schema(LINES)
    report = check(write(clean_day(), schema=schema.remove(schema.get_field_index("channel"))), source)

    assert failed(report) == {"columns_as_declared": (1, ())}


def test_every_expectation_has_a_planted_fault():
    elsewhere = {"columns_as_declared", "fee_plan_known"}

    assert {name for name, _, _ in FAULTS} | elsewhere == {each.name for each in EXPECTATIONS}


def test_row_level_breaks_for_reconciliation_never_close_the_gate(write: Write, source: Source):
    lines = clean_day()
    lines[0].update(psp_reference="24000002", merchant_reference=None)
    lines[2].update(psp_reference=None, merchant_reference=None, occurred_at=datetime(2026, 3, 6, 9, tzinfo=UTC))
    balanced(1, fee="9.99", tax="0.01")(lines)
    balanced(3, gross="-9999")(lines)
    lines[3].update(original_reference=None)

    report = check(write(lines), source)

    assert len(report.failed) >= 5
    assert {result.severity for result in report.failed} == {CheckSeverity.WARNING}
    assert report.passed
    gate(report)


def test_the_closed_gate_names_critical_expectations_with_counts_and_no_warning(write: Write, source: Source):
    lines = clean_day()
    lines[4].update(net=Decimal("1"))
    lines[0].update(fee=Decimal("4.00"), net=Decimal("95.28"))

    report = check(write(lines), source)

    with pytest.raises(GateClosed, match=r"net_adds_up \(1 of 5\)") as closed:
        gate(report)
    assert "batch_nets_to_zero (1 of 1)" in str(closed.value)
    assert "fee_as_contract" not in str(closed.value)


def test_the_report_survives_json(write: Write, source: Source):
    report = check(write(clean_day()), source)

    assert from_json(CheckReport, to_json(report)) == report


def test_neither_the_order_of_rows_nor_of_files_changes_the_report(write: Write, source: Source):
    lines = clean_day()
    lines[1].update(psp_reference="24000001")
    whole = check(write(lines, "whole.parquet"), source)
    random.Random(7).shuffle(lines)
    parts = [write(lines[:2], "part-b.parquet"), write(lines[2:], "part-a.parquet")]

    assert check(parts, source) == check(parts[::-1], source) == whole


def test_a_folder_means_its_lines_and_not_the_other_tables(write: Write, source: Source, tmp_path: Path):
    write(clean_day(), "lines.parquet")
    write([line(1, "PAYMENT", "-1", "0", "0")], "orders.parquet")

    assert check(tmp_path, source).passed


def test_paths_that_do_not_exist_and_folders_without_parquet_are_no_empty_day(source: Source, tmp_path: Path):
    with pytest.raises(ConfigurationError, match="no such file"):
        check(tmp_path / "lines.parquet", source, settlement_date=DAY)
    with pytest.raises(ConfigurationError, match="no Parquet"):
        check(tmp_path, source, settlement_date=DAY)


@pytest.mark.parametrize("content", [b"", b"not Parquet at all", b"PAR1PAR1"])
def test_a_file_that_is_no_parquet_is_refused_with_its_name(source: Source, tmp_path: Path, content: bytes):
    broken = tmp_path / "lines.parquet"
    broken.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"lines\.parquet: cannot be read as Parquet"):
        check(broken, source)


def test_without_lines_somebody_must_name_the_day(write: Write, source: Source):
    with pytest.raises(ConfigurationError, match="name no settlement date"):
        check(write([]), source)


def test_a_file_without_lines_may_name_its_day_in_its_metadata(write: Write, source: Source):
    schema = arrow_schema(LINES).with_metadata({"settlement_date": DAY.isoformat()})

    report = check(write([], schema=schema), source)

    assert (report.settlement_date, report.passed) == (DAY, True)


def test_a_folder_with_a_quote_in_its_name_is_read(write: Write, source: Source, tmp_path: Path):
    (tmp_path / "o'higgins").mkdir()

    assert check(write(clean_day(), "o'higgins/lines.parquet"), source).passed


def test_the_day_most_lines_carry_is_the_day_when_none_is_asked_for(write: Write, source: Source):
    lines = clean_day()
    lines[3].update(settlement_date=date(2026, 3, 4))

    report = check(write(lines), source)

    assert report.settlement_date == DAY
    assert failed(report) == {"settlement_date_asked": (1, (f"{KEY}:4",))}


def test_days_checked_in_several_threads_do_not_disturb_each_other(write: Write, source: Source):
    broken = clean_day()
    broken[4].update(gross=Decimal("-1"), net=Decimal("-1"))
    paths = [write(clean_day(), "good.parquet"), write(broken, "bad.parquet")] * 2

    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(lambda path: check(path, source, settlement_date=DAY), paths))

    assert [report.passed for report in reports] == [True, False, True, False]
    assert reports[:2] == reports[2:]
