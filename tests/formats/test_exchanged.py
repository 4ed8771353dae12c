"""The optional columns of `pagoefectivo/1`: what a buyer paid in another currency, and the rate it was exchanged at."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.fixtures.openpgp import csv_text

from cuadre.model.arrow import arrow_schema
from cuadre.model.columns import LINES
from cuadre.model.errors import ArchiveRejected

HEADER, COLUMNS, *BODY, TRAILER = csv_text().splitlines(keepends=True)
NAMES = ("presentment_currency", "presentment_amount", "exchange_rate")
NONE, EXCHANGED = ",,", "USD,26.65,3.752500"


def _text(*records: str, columns: str = "paid_currency,paid_amount,exchange_rate") -> str:
    """The file with these columns behind its own; the last of `records` goes on for all lines that are left."""
    more = [*records, *[records[-1]] * (len(BODY) - len(records))]
    body = (record.replace("\n", f",{fields}\n") for record, fields in zip(BODY, more, strict=True))
    return HEADER + COLUMNS.replace("\n", f",{columns}\n") + "".join(body) + TRAILER


def _lines(folder) -> pa.Table:
    return pa.concat_tables(pq.read_table(file) for file in sorted(folder.glob("*.parquet"))).sort_by("line_no")


def _refused(typing, text: str) -> ArchiveRejected:
    with pytest.raises(ArchiveRejected) as refused:
        typing(text)
    return refused.value


def test_what_was_paid_and_the_rate_arrive_beside_what_was_settled(typing, tmp_path) -> None:
    typing(_text(EXCHANGED, NONE))
    first, second, *_ = _lines(tmp_path).to_pylist()
    assert [first[name] for name in ("currency", "gross", *NAMES)] == [
        "PEN", 100, "USD", Decimal("26.65"), Decimal("3.7525"),
    ]  # fmt: skip
    assert [second[name] for name in NAMES] == [None, None, None]


@pytest.mark.parametrize("first", [EXCHANGED, NONE])
def test_the_files_have_the_canonical_schema_with_all_of_them(first, typing, tmp_path) -> None:
    typing(_text(first, NONE))
    for file in tmp_path.glob("*.parquet"):
        assert pq.read_schema(file).equals(arrow_schema(LINES, NAMES))


def test_an_empty_day_may_have_the_columns(typing, tmp_path) -> None:
    columns = COLUMNS.replace("\n", ",paid_currency,paid_amount,exchange_rate\n")
    assert typing(HEADER + columns + "TRAILER,PEN,0,0.00,0.00,0.00,0.00\n").lines == 0
    assert pq.read_schema(tmp_path / "lines-000.parquet").equals(arrow_schema(LINES, NAMES))


def test_a_file_without_them_has_none_of_them(typing, tmp_path) -> None:
    typing()
    assert _lines(tmp_path).schema.equals(arrow_schema(LINES))


def test_apart_from_them_the_lines_are_the_same(typing, tmp_path) -> None:
    typing(into="plain")
    typing(_text(EXCHANGED, NONE), into="more")
    assert _lines(tmp_path / "more").select(arrow_schema(LINES).names).equals(_lines(tmp_path / "plain"))


def test_blocks_and_pieces_of_the_stream_change_nothing(typing, tmp_path) -> None:
    text = _text(EXCHANGED, NONE, "EUR,-1.00,0.000001")
    typing(text, into="whole")
    typing(text, step=7, block=150, into="pieces")
    assert _lines(tmp_path / "pieces").equals(_lines(tmp_path / "whole"))


@pytest.mark.parametrize("fields", [" USD ,\t26.65, 3.752500 ", '"USD","26.65","3.752500"', "USD,026.65,03.752500"])
def test_they_are_read_like_all_other_fields(fields, typing, tmp_path) -> None:
    typing(_text(EXCHANGED, NONE), into="plain")
    typing(_text(fields, '" ",,  '), into="dressed")
    assert _lines(tmp_path / "dressed").equals(_lines(tmp_path / "plain"))


MALFORMED = [
    *("USD,26.65,", "USD,,3.752500", ",26.65,3.752500", "USD,,", ",26.65,", ",,3.752500", "USD, ,3.752500"),
    *("usd,26.65,3.752500", "US,26.65,3.752500", "840,26.65,3.752500"),
    *("USD,26.6,3.752500", "USD,26.650,3.752500", "USD,NaN,3.752500", "USD,26,3.752500", "USD,1E2,3.752500"),
    *("USD,26.65,3.7525", "USD,26.65,3.75", "USD,26.65,3", "USD,26.65,3.7525000", "USD,26.65,1E2", "USD,26.65,NaN"),
    *("USD,26.65,0.000000", "USD,26.65,-0.000000", "USD,26.65,-3.752500", "USD,26.65,1234567890123.000000"),
    *("USD,26.65", "USD,26.65,3.752500,1"),
]  # fmt: skip


@pytest.mark.parametrize("fields", MALFORMED)
@pytest.mark.parametrize("others", [NONE, EXCHANGED])
def test_one_that_does_not_read_or_stands_alone_is_refused_by_its_record(fields, others, typing) -> None:
    refusal = _refused(typing, _text(others, fields, others))
    assert refusal.reason.name == "LINES_MALFORMED"
    assert refusal.detail.startswith("Record 2: ")
    assert not any(text in refusal.detail for text in ("26.65", "3.7525", "USD"))


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ("paid_currency", "USD"),
        ("paid_currency,paid_amount", "USD,26.65"),
        ("exchange_rate", "3.752500"),
        ("paid_currency,paid_amount,exchange_rate,paid_amount", "USD,26.65,3.752500,26.65"),
    ],
)
def test_a_file_with_some_of_the_columns_or_one_twice_is_refused(columns, fields, typing) -> None:
    refusal = _refused(typing, _text(fields, columns=columns))
    assert refusal.reason.name == "LAYOUT_UNKNOWN"
    assert "paid_currency, paid_amount, exchange_rate" in refusal.detail
