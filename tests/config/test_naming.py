"""The name pattern of a source file: what it writes it reads, and what could be read in two ways is refused."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuadre.config.naming import ArchiveName, NamePattern

DAY = date(2026, 3, 4)
EXAMPLE = NamePattern("pe_settlement_{merchant}_{date:%Y%m%d}_{seq}of{parts}.zip.pgp")


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("pe_settlement_30145_20260304_01of02.zip.pgp", True),
        ("pe_settlement_30145_20260304_1of2.zip.pgp", True),
        ("pe_settlement_30145_20260304_01of02.zip.pgp.part", False),
        ("pe_settlement_30146_20260304_01of02.zip.pgp", False),
        ("pe_settlement_30145_20260305_01of02.zip.pgp", False),
        ("pe_settlement_30145_20260304_01of02xzip.pgp", False),
        ("pe_settlement_30145_2026034_01of02.zip.pgp", False),
        ("../pe_settlement_30145_20260304_01of02.zip.pgp", False),
    ],
)
def test_only_names_of_the_merchant_and_day_belong_to_it(name: str, fits: bool) -> None:
    assert (EXAMPLE.read(name, merchant="30145", day=DAY) is not None) is fits


@settings(deadline=None, derandomize=True)
@given(
    st.sampled_from(
        [EXAMPLE.text, "{date:%d-%m-%y}.{merchant}.zip", "x{parts}-{seq}_{date:%Y.%j}", "{date:%Y%m%d}.pgp"]
    ),
    st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True),
    st.dates(date(2000, 1, 1), date(2060, 12, 31)),
    st.integers(1, 99),
    st.integers(1, 99),
)
def test_what_a_pattern_writes_it_reads(text: str, merchant: str, day: date, part: int, parts: int) -> None:
    pattern = NamePattern(text)
    name = pattern.name_of(merchant, day, part, parts)
    numbered = "{seq}" in text
    expected = ArchiveName(
        day, merchant if "{merchant}" in text else None, part if numbered else None, parts if numbered else None
    )
    assert pattern.read(name) == pattern.read(name, merchant=merchant, day=day) == expected
    assert name.endswith(pattern.suffix)


def test_digits_that_are_no_date_are_no_name() -> None:
    assert EXAMPLE.read("pe_settlement_30145_20260230_01of01.zip.pgp") is None


@pytest.mark.parametrize(
    ("text", "suffix"), [(EXAMPLE.text, ".zip.pgp"), ("{date:%Y%m%d}_v1.pgp", ".pgp"), ("x.{date:%Y%m%d}", "")]
)
def test_the_suffix_begins_at_the_first_dot_behind_the_last_token(text: str, suffix: str) -> None:
    assert NamePattern(text).suffix == suffix


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{merchant}.pgp", "must name the day"),
        ("{date:%Y%m%d}_{sequence}.pgp", "unknown token {sequence}; allowed are {merchant}"),
        ("{date:%Y%m%d}_{seq}of{seq}.pgp", "{seq} is here 2 times"),
        ("{date:%Y%m%d}_{date:%Y%m%d}.pgp", "{date} is here 2 times"),
        ("{date:%Y%m%d}_{seq}.pgp", "{seq} and {parts} go together"),
        ("{date:%Y%m%d}_{seq:02d}of{parts}.pgp", "{seq} takes no format"),
        ("{date:%Y%m%d}_{}.pgp", "braces stand around tokens only"),
        ("{date:%Y%m%d}_{merchant!r}.pgp", "braces stand around tokens only"),
        ("{date:%Y%m%d}_{merchant.pgp", "braces stand around tokens only"),
        ("{date:%Y%m%d}}_{merchant}.pgp", "braces stand around tokens only"),
        ("{date:%Y%m%d}_{{merchant}}.pgp", "letters, digits, dots"),
        ("out/{date:%Y%m%d}.pgp", "letters, digits, dots"),
        ("{merchant}{date:%Y%m%d}.pgp", "something between {merchant} and {date}"),
        ("{date}.pgp", "does not name one day"),
        ("{date:%Y%m}.pgp", "does not name one day"),
        ("{date:%Y%Y%m%d}.pgp", "does not name one day"),
        ("{date:%q%m%d}.pgp", "cannot be read; use %Y, %y, %m, %d, %j"),
        ("{date:%d%b%Y}.pgp", "cannot be read"),
        ("{date:YYYYMMDD}.pgp", "does not name one day"),
    ],
)
def test_a_pattern_that_could_be_read_in_two_ways_or_none_is_refused(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(hint)):
        NamePattern(text)
