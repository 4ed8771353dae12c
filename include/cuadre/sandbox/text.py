"""Numbers become Arrow columns here: references, codes, exact money, instants. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cuadre.config import Source
from cuadre.model.arrow import INSTANT, MONEY
from cuadre.sandbox.rows import Whole

ORDER_PREFIX = "SO-"
STRANGER = "EUR"
"""The currency of orders in another currency when the source has only one."""


def currencies(source: Source) -> list[str]:
    """Currency codes by number; one more than the source's own when it has only one."""
    own = list(source.currencies)
    return own if len(own) > 1 else [*own, "USD" if own == [STRANGER] else STRANGER]


def numbers(
    values: Whole, prefix: str = "", *, blank: npt.NDArray[np.bool_] | None = None, empty: str = ""
) -> pa.Array:
    """Text of numbers behind `prefix`; 0 is NULL, or `empty` where `blank`."""
    text = pc.cast(pa.array(values), pa.string())
    if prefix:
        text = pc.binary_join_element_wise(prefix, text, "")
    text = pc.if_else(pa.array(values == 0), pa.scalar(None, pa.string()), text)
    if blank is not None and blank.any():
        text = pc.if_else(pa.array(blank & (values == 0)), pa.scalar(empty, pa.string()), text)
    return text


def codes(values: Whole, names: Sequence[str]) -> pa.Array:
    """Text of codes; a negative code is NULL."""
    return pa.array(list(names), pa.string()).take(pa.array(values, mask=values < 0))


def money(cents: Whole) -> pa.Array:
    """Cents as the product's DECIMAL(18,6)."""
    return decimal(cents * 10_000, MONEY)


def decimal(units: Whole, kind: pa.DataType, *, absent: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Whole units of the last decimal place as an Arrow decimal, without a detour over text; NULL where `absent`."""
    wide = np.empty((len(units), 2), dtype=np.int64)
    wide[:, 0], wide[:, 1] = units, units >> 63
    plain = pa.Array.from_buffers(kind, len(units), [None, pa.py_buffer(wide)])
    return plain if absent is None else pc.if_else(pa.array(absent), pa.scalar(None, kind), plain)


def instants(seconds: Whole) -> pa.Array:
    """Epoch seconds as UTC instants; 0 is NULL."""
    micro = pa.array(seconds * 1_000_000, pa.int64(), mask=seconds == 0)
    return micro.view(INSTANT)


def local_times(seconds: Whole, zone: str) -> pa.Array:
    """Epoch seconds as local ISO 8601 with offset, such as 2026-03-02T13:05:22-05:00."""
    distinct, index = np.unique(seconds, return_inverse=True)
    moments = pa.array(distinct, pa.int64()).view(pa.timestamp("s", tz="UTC")).cast(pa.timestamp("s", tz=zone))
    return pc.strftime(moments, format="%Y-%m-%dT%H:%M:%S%Ez").take(pa.array(index))


def order_numbers(references: pa.ChunkedArray) -> Whole:
    """The numbers behind order ids made here."""
    return plain_numbers(pc.replace_substring(references, ORDER_PREFIX, ""))


def plain_numbers(references: pa.ChunkedArray) -> Whole:
    """The numbers behind references made here; 0 for NULL and for empty text."""
    filled = pc.fill_null(references, "0")
    filled = pc.if_else(pc.equal(filled, ""), "0", filled)
    return np.asarray(pc.cast(filled, pa.int64()).to_numpy(), dtype=np.int64)
