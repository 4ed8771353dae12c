"""A table of spellings: for every kind of field of `pagoefectivo/1`, what is read, and as what, and what is refused."""

# ruff: noqa: RUF001  letters, digits and signs of other scripts that look like ours are what is tested

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from tests.fixtures.openpgp import csv_text

from cuadre.model.errors import ArchiveRejected

HEADER, COLUMNS, FIRST, *BODY, TRAILER = csv_text().splitlines(keepends=True)
MIDNIGHT, NEXT = "2026-03-04T00:00:00-05:00", "2026-03-05T00:00:00-05:00"

AMOUNTS = {
    "0.00": "0",
    "-0.00": "0",
    "0.10": "0.1",
    "-0.01": "-0.01",
    "-100.00": "-100",
    "007.50": "7.5",
    "999999999999.99": "999999999999.99",
    "-999999999999.99": "-999999999999.99",
    " 100.00\t": "100",
    '"100.00"': "100",
}
NO_AMOUNTS = [
    *("100", "100.", "100.0", "100.000", "100.001", ".50", "-.50", "+100.00", "--1.00", "1-1.00", "100.0-", "100.00-"),
    *("-", "1E2", "1e2", "1.0E2", "1.00E2", "0x10", "0x1.00", "NaN", "inf", "Infinity", "null", "1_000.00"),
    *('"1,000.00"', '"100,00"', "1 000.00", "1.000.00", "1'000.00", "1..00", "- 1.00", "S/100.00", "PEN 100.00"),
    *("1000000000000.00", "0000000000000.00", "99999999999999999999.00"),
    *("١٠٠.٠٠", "１００.００", "100．00", "100٫00", "−100.00", "1\u00a0000.00", "\u00a0100.00"),
    *("100.00\0", "100\0.00", "100.00\x0b", "100.00\x1f", '" "', ""),
]  # fmt: skip

INSTANTS = {
    "2026-03-04T10:00:00-05:00": datetime(2026, 3, 4, 15, tzinfo=UTC),
    "2026-03-04T10:00:00.250-05:00": datetime(2026, 3, 4, 15, 0, 0, 250_000, tzinfo=UTC),
    "2026-03-04T10:00:00-0500": datetime(2026, 3, 4, 15, tzinfo=UTC),
    "2026-03-04T15:00:00Z": datetime(2026, 3, 4, 15, tzinfo=UTC),
    "2026-03-04 10:00:00-05:00": datetime(2026, 3, 4, 15, tzinfo=UTC),
    "2026-03-04T10:00-05": datetime(2026, 3, 4, 15, tzinfo=UTC),
    "9999-12-31T23:59:59Z": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
}
NO_INSTANTS = [
    *("2026-03-04T10:00:00", "2026-03-04", "2026-03-04Z", "1772636400", "04/03/2026 10:00:00Z", "20260304T100000Z"),
    *("2026-02-30T10:00:00Z", "2026-13-01T10:00:00Z", "2026-03-04T24:00:00Z", "2026-03-04T10:60:00Z"),
    *("2026-03-04T10:00:60Z", "2026-03-04T10:00:00-25:00", "2026-03-04T10:00:00-05:60", "2026-03-04T10:00:00 PET"),
    *("2026-03-04T10:00:00.1234567Z", "2026-03-04T10:00:00z", " 2026-03-04T10:00:00Z", "2026-03-04T10:00:00Z "),
    *("0000-12-31T00:00:00Z", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"),
    *("٢٠٢٦-03-04T10:00:00Z", "2026-03-04T10:00:00−05:00", "2026-03-04T10:00:00Z\0", ""),
]  # fmt: skip

TEXTS = {
    "ORD-1": "ORD-1",
    "  ORD-1\t": "ORD-1",
    "ORD  1": "ORD  1",
    "١٢٣": "١٢٣",
    "\u00a0ORD-1": "\u00a0ORD-1",
    "'ORD": "'ORD",
    "1E2": "1E2",
    "007": "007",
    '"OR,D"': "OR,D",
    '""': None,
    "  ": None,
}
NO_TEXTS = [
    *("O\x1b[2JD", "O\x07D", "O\x08D", "O\x0bD", "O\x7fD", "O\u009b2JD", "O\u202eD", "O\u2028D", "O\u2066D"),
    *("OR\0D", "OR\rD", '"OR\rD"', '"ORD-1\r"', '"OR\nD"', 'OR"D', '"ORD'),
]

NO_CURRENCIES = ["", " ", "pen", "PE", "PENS", "P3N", "ＰＥＮ", "604", "P N", "PEÑ"]
NO_TYPES = ["", "payment", "PAYMENT2", "ＰAYMENT", "PAY MENT"]

NO_PERIODS = [
    *("2026-03-04", "2026-03-04T00:00:00", "2026-03-04 00:00:00-05:00", "2026-03-04T00:00-05:00"),
    *("20260304T000000-0500", "2026-W10-3T00:00:00-05:00", "2026-063T00:00:00-05:00", "2026-03-04T00:00:00-0500"),
    *("2026-03-04T00:00:00.000-05:00", "2026-03-04t00:00:00-05:00", "2026-3-4T00:00:00-05:00", "1772600400"),
    *("2026-02-30T00:00:00-05:00", "9999-12-31T00:00:00-05:00", "0001-01-01T00:00:00+05:00", ""),
    *("٢٠٢٦-٠٣-٠٤T00:00:00-05:00", "\u00a02026-03-04T00:00:00-05:00"),
]  # fmt: skip
NO_COUNTS = ["", "-1", "+1", "1.0", "1E0", "0x1", "one", "１", "١", "1_0", "\u00a01"]

TRAILERS = {
    "TRAILER,PEN,3,300.00,11.97,2.16,285.87\n": "as it should be",
    "TRAILER,PEN,3,300.00,11.97,2.16,285.87\r\n": "with the other line end",
    "TRAILER, PEN , 3,300.00,11.97\t,2.16,285.87\n": "with blanks around its fields",
    'TRAILER,"PEN","3","300.00",11.97,2.16,285.87\n': "with quotes",
    "TRAILER,PEN,003,0300.00,11.97,2.16,285.87\n": "with zeros in front",
    "TRAILER,PEN,3,300.00,11.97,2.16,285.87\nTRAILER,USD,0,0.00,-0.00,0.00,0.00\n": "with zeros for another currency",
}
NO_TRAILERS = [
    *(TRAILER.replace(",3,", f",{count},") for count in NO_COUNTS),
    *(TRAILER.replace("300.00", text) for text in NO_AMOUNTS),
    *(TRAILER.replace("PEN", text) for text in NO_CURRENCIES),
    *(TRAILER.replace(",3,", ",3,,"), TRAILER.replace(",285.87", ""), TRAILER + "\n", TRAILER + " \n"),
    *(TRAILER + TRAILER, TRAILER.replace("\n", "\x0c" + TRAILER), TRAILER.replace("\n", "\r\r\n"), TRAILER + "x"),
]  # fmt: skip


def _with_first(old: str, new: str) -> str:
    assert old in FIRST
    return HEADER + COLUMNS + FIRST.replace(old, new, 1) + "".join(BODY) + TRAILER


def _refused(typing, text: str) -> ArchiveRejected:
    with pytest.raises(ArchiveRejected) as refused:
        typing(text)
    return refused.value


def _read_first(typing, folder, text: str):
    """The first line, whatever the totals are: they were made for another content."""
    typing(text, totals=False)
    return pq.read_table(folder / "lines-000.parquet").to_pylist()[0]


@pytest.mark.parametrize("text", AMOUNTS)
def test_an_amount_in_the_one_form_is_read(text, typing, tmp_path) -> None:
    assert _read_first(typing, tmp_path, _with_first("100.00", text))["gross"] == Decimal(AMOUNTS[text])


@pytest.mark.parametrize("text", NO_AMOUNTS)
@pytest.mark.parametrize("field", ["100.00", "95.29"])
def test_an_amount_in_any_other_form_is_refused_by_its_record(text, field, typing) -> None:
    refusal = _refused(typing, _with_first(field, text))
    assert refusal.reason.name == "LINES_MALFORMED"
    assert refusal.detail.startswith("Record 1: ")
    assert len(text) < 2 or text not in refusal.detail


@pytest.mark.parametrize("text", INSTANTS)
def test_a_moment_with_its_offset_is_read(text, typing, tmp_path) -> None:
    read = _read_first(typing, tmp_path, _with_first("2026-03-04T10:00:00-05:00", text))
    assert read["occurred_at"] == INSTANTS[text]


@pytest.mark.parametrize("text", NO_INSTANTS)
def test_what_is_no_moment_or_has_no_offset_is_refused_by_its_record(text, typing) -> None:
    refusal = _refused(typing, _with_first("2026-03-04T10:00:00-05:00", text))
    assert (refusal.reason.name, refusal.detail[:10]) == ("LINES_MALFORMED", "Record 1: ")


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_kept_as_it_is_between_its_blanks(text, typing, tmp_path) -> None:
    assert _read_first(typing, tmp_path, _with_first("ORD-1", text))["merchant_reference"] == TEXTS[text]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(("ORD-1", text) for text in NO_TEXTS),
        *(("PEN", text) for text in NO_CURRENCIES),
        *(("PAYMENT", text) for text in NO_TYPES),
    ],
)
def test_what_is_no_text_no_currency_or_no_type_is_refused_by_its_record(old, new, typing) -> None:
    refusal = _refused(typing, _with_first(old, new))
    assert (refusal.reason.name, refusal.detail[:10]) == ("LINES_MALFORMED", "Record 1: ")


@pytest.mark.parametrize("text", NO_PERIODS)
@pytest.mark.parametrize("end", [MIDNIGHT, NEXT])
def test_a_period_in_any_other_form_is_refused(text, end, typing) -> None:
    assert _refused(typing, csv_text().replace(end, text, 1)).reason.name == "LAYOUT_UNKNOWN"


@pytest.mark.parametrize("text", [MIDNIGHT, "2026-03-04T05:00:00Z", f" {MIDNIGHT}\t", f'"{MIDNIGHT}"'])
def test_a_period_may_be_told_by_any_offset(text, typing) -> None:
    assert typing(csv_text().replace(MIDNIGHT, text, 1)).lines == 3


@pytest.mark.parametrize("text", NO_COUNTS)
def test_a_part_that_is_no_count_is_refused(text, typing) -> None:
    assert _refused(typing, csv_text().replace(",1,1,0\n", f",{text},1,0\n", 1)).reason.name == "LAYOUT_UNKNOWN"


@pytest.mark.parametrize("text", TRAILERS, ids=TRAILERS.get)
def test_a_trailer_is_read(text, typing) -> None:
    assert typing(HEADER + COLUMNS + FIRST + "".join(BODY) + text).lines == 3


@pytest.mark.parametrize("text", NO_TRAILERS)
def test_a_trailer_in_any_other_form_is_refused(text, typing) -> None:
    refusal = _refused(typing, HEADER + COLUMNS + FIRST + "".join(BODY) + text)
    assert refusal.reason.name == "LINES_MALFORMED"
