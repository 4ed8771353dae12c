"""Amounts as a file writes them: a point, exactly two decimals, a minus in front when negative, and nothing else."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cuadre.formats.arrays import numbers, octets_of, values_of
from cuadre.model.arrow import MONEY

AMOUNT = re.compile(r"-?[0-9]{1,12}\.[0-9]{2}")

_MOST_DIGITS = 12
_MINUS, _POINT = ord("-"), ord(".")
_CENT = 10_000
"""In the sixth decimals of MONEY."""


def read_amounts(column: pa.StringArray) -> pa.Array | None:
    """A column of texts without NULL as MONEY; None when one of them is not an AMOUNT.

    The rule is checked on all texts at once, by where points and minuses stand and by which characters there are.
    """
    octets, offsets = octets_of(column)
    if not _are_amounts(octets, offsets):
        return None
    cents = _cents(octets, offsets)
    halves = np.empty((len(column), 2), np.int64)  # 18 digits fit in the lower one; the upper one is the sign
    halves[:, 0] = cents * _CENT
    halves[:, 1] = cents >> 63
    return numbers(halves, MONEY)


def first_that_is_none(column: pa.StringArray) -> int:
    """The place of the first text that is not an AMOUNT."""
    return next(place for place, text in enumerate(column.to_pylist()) if AMOUNT.fullmatch(text) is None)


def _are_amounts(octets: bytes, offsets: np.ndarray) -> bool:
    starts, ends = offsets[:-1], offsets[1:]
    shortest = len("0.00")
    if (ends - starts).min(initial=shortest) < shortest:
        return False
    at = np.frombuffer(octets, np.uint8)
    negative = at[starts] == _MINUS
    digits = ends - starts - negative - len(".00")
    return bool(
        (at[ends - 3] == _POINT).all()
        and digits.min(initial=1) >= 1
        and digits.max(initial=1) <= _MOST_DIGITS
        and octets.translate(None, b"0123456789-") == b"." * len(starts)
        and octets.count(b"-") == np.count_nonzero(negative)
    )


def _cents(octets: bytes, offsets: np.ndarray) -> np.ndarray:
    """Without its point an amount is a whole number of cents."""
    places = offsets - np.arange(len(offsets), dtype=np.int32)
    buffers = [None, pa.py_buffer(places), pa.py_buffer(octets.translate(None, b"."))]
    return values_of(pc.cast(pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers), pa.int64()), np.int64)
