"""Rows as PostgreSQL's COPY reads them in binary: a signature, then for each row its fields with their lengths.

Made column by column, never row by row: every column becomes one or two Arrow columns of bytes (its length and its
value), and Arrow joins those of a row. Arrow's memory is read and made as it lies, since its conversions from and to
Python load pandas, a third of a second. What does not live here: where rows come from and go to (`load.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cuadre.model.columns import Kind

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What a stream begins with: the format's name, no flags, no further header."""

END = b"\xff\xff"
"""What a stream ends with: a row of -1 fields."""

_NULL = b"\xff\xff\xff\xff"
_DAYS = 10_957
"""From 1970, where Arrow counts from, to 2000, where PostgreSQL does."""

_MICROSECONDS = _DAYS * 86_400_000_000
_NUMERIC = pa.decimal128(38, 6)
_NEGATIVE = 0x4000

_Array = np.ndarray[Any, Any]


def encoded(batch: pa.RecordBatch, kinds: Sequence[Kind]) -> memoryview:
    """The rows of `batch` as bytes of a COPY in binary.

    Args:
        batch: Columns of the Arrow types of their kinds; REASONS are JSON text, decimals have six places at most.
        kinds: Kind of each column, which says the PostgreSQL type: text, bigint, numeric, date, timestamptz, boolean,
            jsonb.

    Raises:
        pyarrow.ArrowInvalid: A column is of another type than its kind, and a value does not fit.
    """
    parts: list[Any] = [_scalar(len(kinds).to_bytes(2, "big"))]
    for column, kind in zip(batch.columns, kinds, strict=True):
        parts += _FIELDS[kind](column)
    rows = pc.binary_join_element_wise(*parts, _EMPTY, null_handling="replace", null_replacement=_NULL)
    _, offsets, data = rows.buffers()
    return memoryview(data)[: np.frombuffer(offsets, np.int32)[len(rows)]]


def _text(column: pa.Array) -> list[pa.Array]:
    text = column.cast(pa.binary())
    record = np.empty(len(text), [("size", ">i4")])
    record["size"] = _lengths(text)
    return [_bytes(record, text), pc.coalesce(text, _EMPTY)]


def _json(column: pa.Array) -> list[pa.Array]:
    """As `text`, with the version of jsonb's binary form in front, which is 1."""
    text = column.cast(pa.binary())
    record = np.empty(len(text), [("size", ">i4"), ("version", "u1")])
    record["size"] = _lengths(text) + 1
    record["version"] = 1
    return [_bytes(record, text), pc.coalesce(text, _EMPTY)]


def _number(column: pa.Array, kind: pa.DataType, dtype: str, zero: int = 0) -> list[pa.Array]:
    values = column.cast(kind)
    record = np.empty(len(column), [("size", ">i4"), ("value", f">{dtype}")])
    record["size"] = np.dtype(dtype).itemsize
    record["value"] = _raw(values, dtype) - zero
    return [_bytes(record, column)]


def _flag(column: pa.Array) -> list[pa.Array]:
    return _number(column, pa.uint8(), "u1")


def _decimal(column: pa.Array) -> list[pa.Array]:
    """Numeric: digits to the base of 10,000, of which two hold the six decimals and the rest the whole units."""
    if not (pa.types.is_decimal128(column.type) and column.type.scale == _NUMERIC.scale):
        column = column.cast(_NUMERIC)
    millionths = _millionths(column)
    units, decimals = abs(millionths) // 1_000_000, abs(millionths) % 1_000_000
    groups = max(1, -(-len(str(units.max(initial=0))) // 4))
    fields = [("size", ">i4"), ("digits", ">i2"), ("weight", ">i2"), ("sign", ">i2"), ("scale", ">i2")]
    record = np.empty(len(column), [*fields, ("digit", ">i2", (groups + 2,))])
    record["size"] = record.dtype.itemsize - 4
    record["digits"], record["weight"], record["scale"] = groups + 2, groups - 1, 6
    record["sign"] = np.where(millionths < 0, _NEGATIVE, 0)
    digit = record["digit"]
    digit[:, groups], digit[:, groups + 1] = decimals // 100, decimals % 100 * 100
    for place in reversed(range(groups)):
        digit[:, place], units = units % 10_000, units // 10_000
    return [_bytes(record, column)]


def _millionths(column: pa.Array) -> _Array:
    """Whole numbers of millionths: of 64 bits, or Python's own where one needs more; anything for NULL."""
    both = _raw(column, "i8", width=2)
    low, high = both[:, 0], both[:, 1]
    if np.array_equal(low >> 63, high):
        return low
    whole: _Array = high.astype(object) * 2**64 + low.astype("u8").astype(object)
    return np.where(np.asarray(column.is_valid()), whole, 0)


def _lengths(text: pa.Array) -> _Array:
    return np.diff(np.frombuffer(text.buffers()[1], np.int32)[text.offset : text.offset + len(text) + 1])


def _raw(column: pa.Array, dtype: str, width: int = 1) -> _Array:
    """The column's memory, without a copy; what stands for NULL is anything."""
    start, size = column.offset * width, len(column) * width
    values = np.frombuffer(column.buffers()[1], dtype)[start : start + size]
    return values.reshape(-1, width) if width > 1 else values


def _bytes(record: _Array, nulls: pa.Array | None = None) -> pa.Array:
    """One value of bytes for each element of `record`, NULL where `nulls` is."""
    ends = np.arange(len(record) + 1, dtype=np.int32) * np.int32(record.dtype.itemsize)
    valid = nulls.is_valid().buffers()[1] if nulls is not None and nulls.null_count else None
    return pa.BinaryArray.from_buffers(pa.binary(), len(record), [valid, pa.py_buffer(ends), pa.py_buffer(record)])


def _scalar(value: bytes) -> pa.Scalar:
    return _bytes(np.frombuffer(value, f"V{len(value)}") if value else np.empty(1, "V0"))[0]


_EMPTY = _scalar(b"")

_FIELDS: dict[Kind, Callable[[pa.Array], list[pa.Array]]] = {
    Kind.TEXT: _text,
    Kind.REASONS: _json,
    Kind.COUNT: partial(_number, kind=pa.int64(), dtype="i8"),
    Kind.MONEY: _decimal,
    Kind.RATE: _decimal,
    Kind.DATE: partial(_number, kind=pa.date32(), dtype="i4", zero=_DAYS),
    Kind.INSTANT: partial(_number, kind=pa.timestamp("us", "UTC"), dtype="i8", zero=_MICROSECONDS),
    Kind.FLAG: _flag,
}
