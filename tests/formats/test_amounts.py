"""The rule for amounts, asked of a whole column at once, is the rule for one amount."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from cuadre.formats.amounts import AMOUNT, RATE_DECIMALS, first_that_is_none, read_amounts, spelling

GOOD = st.from_regex(AMOUNT, fullmatch=True)
RATE = spelling(RATE_DECIMALS)
NEARLY = st.text("0123456789.-+eE x", min_size=1, max_size=20) | st.text(min_size=1, max_size=6)
LAW = settings(deadline=None, derandomize=True)


@LAW
@given(st.lists(GOOD, min_size=1, max_size=50))
def test_amounts_arrive_exactly(texts: list[str]) -> None:
    amounts = read_amounts(pa.array(texts, pa.string()))
    assert amounts is not None
    amounts.validate(full=True)
    assert amounts.to_pylist() == [Decimal(text) for text in texts]


@LAW
@given(st.lists(GOOD, max_size=5), NEARLY, st.lists(GOOD | NEARLY, max_size=5))
def test_a_column_reads_when_each_of_its_texts_does(before: list[str], text: str, behind: list[str]) -> None:
    column = pa.array([*before, text, *behind], pa.string())
    wrong = [place for place, each in enumerate(column.to_pylist()) if not AMOUNT.fullmatch(each)]
    assert (read_amounts(column) is None) == bool(wrong)
    if wrong:
        assert first_that_is_none(column) == wrong[0]


@LAW
@given(st.lists(GOOD, min_size=4, max_size=8), st.integers(0, 3), st.integers(1, 4))
def test_a_slice_of_a_column_reads_like_a_column(texts: list[str], start: int, count: int) -> None:
    amounts = read_amounts(pa.array(["not one", *texts], pa.string()).slice(1 + start, count))
    assert amounts is not None
    assert amounts.to_pylist() == [Decimal(text) for text in texts[start : start + count]]


@LAW
@given(st.lists(st.from_regex(RATE, fullmatch=True) | GOOD | NEARLY, min_size=1, max_size=5))
def test_with_six_decimals_the_rule_is_the_same(texts: list[str]) -> None:
    column = pa.array(texts, pa.string())
    read = read_amounts(column, RATE_DECIMALS)
    if all(RATE.fullmatch(text) for text in texts):
        assert read is not None
        read.validate(full=True)
        assert read.to_pylist() == [Decimal(text) for text in texts]
    else:
        assert read is None
        assert not RATE.fullmatch(texts[first_that_is_none(column, RATE_DECIMALS)])
