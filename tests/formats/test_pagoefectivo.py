"""What the profile `pagoefectivo/1` accepts, and the code of everything it does not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.fixtures.openpgp import csv_text

from cuadre.model.arrow import arrow_schema
from cuadre.model.columns import LINES
from cuadre.model.errors import ArchiveRejected
from cuadre.model.records import Totals

HEADER, COLUMNS, *BODY, TRAILER = csv_text().splitlines(keepends=True)
FIRST = BODY[0]


def _lines(folder) -> pa.Table:
    files = sorted(folder.glob("lines-*.parquet"))
    return pa.concat_tables(pq.read_table(file) for file in files).sort_by("line_no")


def _with_first(*changes: tuple[str, str]) -> str:
    first = FIRST
    for old, new in changes:
        assert old in first
        first = first.replace(old, new, 1)
    return HEADER + COLUMNS + first + "".join(BODY[1:]) + TRAILER


def test_every_field_arrives_in_its_column(typing, tmp_path) -> None:
    typing()
    assert _lines(tmp_path).to_pylist()[0] == {
        "source": "pagoefectivo_pe",
        "archive_id": "ab" * 32,
        "line_no": 1,
        "settlement_date": date(2026, 3, 4),
        "batch_id": "B1",
        "line_type": "PAYMENT",
        "psp_reference": "7001",
        "operation_reference": "901",
        "merchant_reference": "ORD-1",
        "original_reference": None,
        "currency": "PEN",
        "gross": Decimal("100.000000"),
        "fee": Decimal("3.990000"),
        "tax": Decimal("0.720000"),
        "net": Decimal("95.290000"),
        "occurred_at": datetime(2026, 3, 4, 15, 0, tzinfo=UTC),
        "channel": "BCP",
    }


def test_the_files_have_exactly_the_canonical_schema(typing, tmp_path) -> None:
    typing()
    for file in tmp_path.glob("*.parquet"):
        assert pq.read_schema(file).equals(arrow_schema(LINES))


def test_totals_are_by_currency_and_exact(typing) -> None:
    assert typing().totals == {
        "PEN": Totals(3, Decimal("300.00"), Decimal("11.97"), Decimal("2.16"), Decimal("285.87"))
    }


def test_an_empty_day_gives_one_empty_file(typing, tmp_path) -> None:
    zeros = "TRAILER,PEN,0,0.00,0.00,0.00,0.00\nTRAILER,USD,0,0.00,0.00,0.00,0.00\n"
    assert typing(HEADER + COLUMNS + zeros).lines == 0
    assert [file.name for file in tmp_path.iterdir()] == ["lines-000.parquet"]
    assert pq.read_table(tmp_path / "lines-000.parquet").schema.equals(arrow_schema(LINES))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(csv_text().replace("\n", "\r\n"), id="CRLF"),
        pytest.param(csv_text().removesuffix("\n"), id="no line end behind the last trailer"),
        pytest.param(_with_first(("ORD-1", '"ORD-1"')), id="quoted field"),
        pytest.param(_with_first(("ORD-1", "  ORD-1 \t"), ("BCP", " BCP ")), id="blanks around texts"),
        pytest.param(
            HEADER + COLUMNS.replace("\n", ",extra\n") + "".join(b.replace("\n", ",x\n") for b in BODY) + TRAILER,
            id="unknown extra column",
        ),
        pytest.param(
            HEADER + ",".join(reversed(COLUMNS.strip().split(","))) + "\n"
            + "".join(",".join(reversed(b.strip().split(","))) + "\n" for b in BODY) + TRAILER,
            id="columns in another order",
        ),
    ],
)  # fmt: skip
def test_the_same_content_in_another_dress_gives_the_same_lines(text, typing, tmp_path) -> None:
    typing(into="plain")
    typing(text, into="dressed")
    assert _lines(tmp_path / "dressed").equals(_lines(tmp_path / "plain"))


def test_a_quote_inside_a_field_is_kept(typing, tmp_path) -> None:
    typing(_with_first(("ORD-1", '"OR""D,1"')))
    assert _lines(tmp_path)["merchant_reference"][0].as_py() == 'OR"D,1'


def test_an_empty_or_blank_reference_is_null(typing, tmp_path) -> None:
    typing(_with_first(("7001", "   "), ("901", '""'), ("BCP", " ")))
    row = _lines(tmp_path).to_pylist()[0]
    assert (row["psp_reference"], row["operation_reference"], row["channel"]) == (None, None, None)


def test_a_text_like_null_stays_a_text(typing, tmp_path) -> None:
    typing(_with_first(("7001", "NULL"), ("ORD-1", "NaN")))
    row = _lines(tmp_path).to_pylist()[0]
    assert (row["psp_reference"], row["merchant_reference"]) == ("NULL", "NaN")


MALFORMED = {
    "an amount with a comma": [("100.00", '"100,00"')],
    "an amount with three decimals": [("100.00", "100.001")],
    "an amount that is no number": [("100.00", "NaN")],
    "an empty amount": [("100.00", "")],
    "a time without offset": [("10:00:00-05:00", "10:00:00")],
    "no time": [("2026-03-04T10:00:00-05:00", "")],
    "an impossible day": [("2026-03-04T", "2026-02-30T")],
    "an unknown type": [("PAYMENT", "PAIMENT")],
    "a type in small letters": [("PAYMENT", "payment")],
    "no type": [("PAYMENT", "")],
    "no currency": [("PEN", "")],
    "a blank currency": [("PEN", "  ")],
    "a field too few": [(",BCP", "")],
    "a field too many": [(",BCP", ",BCP,BCP")],
    "a quoted line break": [("ORD-1", '"ORD\n1"')],
    "an open quote": [("ORD-1", '"ORD-1')],
    "a lone carriage return": [("ORD-1", "ORD\r1")],
    "a NUL byte": [("ORD-1", "ORD\0")],
    "a blank line": [("\n", "\n\n")],
    "text behind a closing quote": [("ORD-1", '"ORD"-1')],
    "a quote inside a bare field": [("ORD-1", 'ORD"1')],
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_record_that_does_not_read_is_named_by_number_and_not_quoted(name, typing) -> None:
    first = FIRST
    for old, new in MALFORMED[name]:
        first = first.replace(old, new, 1)
    text = HEADER + COLUMNS + BODY[1] * 4 + first + BODY[1] * 4 + TRAILER
    with pytest.raises(ArchiveRejected) as refused:
        typing(text)
    assert refused.value.reason.name == "LINES_MALFORMED"
    assert refused.value.detail.startswith(("Record 5:", "Record 6:") if "blank line" in name else "Record 5:")
    assert "ORD" not in refused.value.detail
    assert refused.value.__cause__ is None


def test_invalid_utf8_is_refused_with_its_record(typing) -> None:
    text = (HEADER + COLUMNS + BODY[0]).encode() + BODY[1].encode().replace(b"ORD", b"\xc3\x28") + TRAILER.encode()
    with pytest.raises(ArchiveRejected, match="Record 2: it is not valid UTF-8"):
        typing(text)


def test_utf8_is_accepted_across_steps_of_the_check(typing, tmp_path) -> None:
    typing(_with_first(("BCP", "Ñandú " + "é" * 700_000)), block=1 << 22)
    assert _lines(tmp_path)["channel"][0].as_py().startswith("Ñandú é")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (csv_text().replace("efectivo/1", "efectivo/2"), "LAYOUT_UNKNOWN"),
        ("﻿" + csv_text(), "LAYOUT_UNKNOWN"),
        (csv_text().replace("HEADER", "header"), "LAYOUT_UNKNOWN"),
        (csv_text().replace("transaction_code", "order"), "LAYOUT_UNKNOWN"),
        (csv_text().replace("channel", "type"), "LAYOUT_UNKNOWN"),
        (csv_text().replace(",1,1,0\n", ",2,1,0\n", 1), "LAYOUT_UNKNOWN"),
        (csv_text().replace("T00:00:00-05:00", "T00:00:00", 1), "LAYOUT_UNKNOWN"),
        ("", "LAYOUT_UNKNOWN"),
        (HEADER, "LAYOUT_UNKNOWN"),
        ("x" * 200_000, "LAYOUT_UNKNOWN"),
        (csv_text().replace("30145", "30146", 1), "WRONG_MERCHANT"),
        (csv_text().replace("2026-03-05T00", "2026-03-06T00"), "WRONG_PERIOD"),
        (csv_text().replace("-04T00:00:00-05:00", "-04T00:00:00+00:00", 1), "WRONG_PERIOD"),
        (HEADER + COLUMNS + "".join(BODY), "CONTROL_TOTAL_MISMATCH"),
        (HEADER + COLUMNS, "CONTROL_TOTAL_MISMATCH"),
        (csv_text().replace("300.00", "300.01"), "CONTROL_TOTAL_MISMATCH"),
        (csv_text().replace("TRAILER,PEN,3", "TRAILER,PEN,4"), "CONTROL_TOTAL_MISMATCH"),
        (csv_text().replace("TRAILER,PEN", "TRAILER,USD"), "CONTROL_TOTAL_MISMATCH"),
        (_with_first(("PEN", "USD")), "CONTROL_TOTAL_MISMATCH"),
        (csv_text() + TRAILER, "LINES_MALFORMED"),
        (csv_text() + "more\n", "LINES_MALFORMED"),
        (csv_text() + "\n", "LINES_MALFORMED"),
        (csv_text() + BODY[0], "LINES_MALFORMED"),
        (csv_text()[: len(HEADER + COLUMNS) + 20], "LINES_MALFORMED"),
        (csv_text().replace("300.00", "300"), "LINES_MALFORMED"),
    ],
)
def test_a_file_that_breaks_its_layout_is_refused_with_its_code(text, reason, typing) -> None:
    with pytest.raises(ArchiveRejected) as refused:
        typing(text)
    assert refused.value.reason.name == reason


def test_totals_of_several_currencies_are_kept_apart(typing) -> None:
    dollars = BODY[0].replace("PEN", "USD")
    text = HEADER + COLUMNS + BODY[0] + dollars + dollars
    text += "TRAILER,USD,2,200.00,7.98,1.44,190.58\nTRAILER,PEN,1,100.00,3.99,0.72,95.29\n"
    assert {currency: total.count for currency, total in typing(text).totals.items()} == {"PEN": 1, "USD": 2}
