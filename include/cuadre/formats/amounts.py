"""Numbers as a file writes them: a point, a fixed count of decimals, a minus in front when negative, nothing else."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cuadre.formats.arrays import numbers, octets_of, values_of
from cuadre.model.arrow import MONEY

AMOUNT_DECIMALS, RATE_DECIMALS = 2, 6

_MOST_DIGITS = 12
_MINUS, _POINT = ord("-"), ord(".")


def spelling(decimals: int) -> re.Pattern[str]:
    """What a number of so many decimals looks like."""
    return re.compile(rf"-?[0-9]{{1,{_MOST_DIGITS}}}\.[0-9]{{{decimals}}}")


AMOUNT = spelling(AMOUNT_DECIMALS)


def read_amounts(column: pa.StringArray, decimals: int = AMOUNT_DECIMALS) -> pa.Array | None:
    """A column of texts without NULL as MONEY; None when one of them is not spelled so.

    The rule is checked on all texts at once, by where points and minuses stand and by which characters there are.
    """
    octets, offsets = octets_of(column)
    if not _are_amounts(octets, offsets, decimals):
        return None
    units = _units(octets, offsets)
    halves = np.empty((len(column), 2), np.int64)  # 18 digits fit in the lower one; the upper one is the sign
    halves[:, 0] = units * 10 ** (MONEY.scale - decimals)
    halves[:, 1] = units >> 63
    return numbers(halves, MONEY)


def first_that_is_none(column: pa.StringArray, decimals: int = AMOUNT_DECIMALS) -> int:
    """The place of the first text that is not spelled so; a NULL is no text."""
    form = spelling(decimals)
    return next(place for place, text in enumerate(column.to_pylist()) if text is not None and not form.fullmatch(text))


def _are_amounts(octets: bytes, offsets: np.ndarray, decimals: int) -> bool:
    starts, ends = offsets[:-1], offsets[1:]
    behind = len(".") + decimals
    shortest = len("0") + behind
    if (ends - starts).min(initial=shortest) < shortest:
        return False
    at = np.frombuffer(octets, np.uint8)
    negative = at[starts] == _MINUS
    digits = ends - starts - negative - behind
    return bool(
        (at[ends - behind] == _POINT).all()
        and digits.min(initial=1) >= 1
        and digits.max(initial=1) <= _MOST_DIGITS
        and octets.translate(None, b"0123456789-") == b"." * len(starts)
        and octets.count(b"-") == np.count_nonzero(negative)
    )


def _units(octets: bytes, offsets: np.ndarray) -> np.ndarray:
    """Without its point a number is a whole one, of units of its last decimal."""
    places = offsets - np.arange(len(offsets), dtype=np.int32)
    buffers = [None, pa.py_buffer(places), pa.py_buffer(octets.translate(None, b"."))]
    return values_of(pc.cast(pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers), pa.int64()), np.int64)
