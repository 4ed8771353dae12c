"""Arrow arrays out of numpy's memory and out of constants, by their buffers.

Why not `pyarrow.array`: its conversions import pandas first when that is installed, which takes longer than typing
100,000 records.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

_EPOCH = date(1970, 1, 1)


def numbers(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    """`values`, which must lie in memory as `kind` does, without copying them."""
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def texts(*values: str) -> pa.Array:
    """A few texts."""
    octets = [value.encode() for value in values]
    offsets = np.cumsum([0, *(len(text) for text in octets)], dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(values), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(octets))]
    )


def flags(values: np.ndarray) -> pa.Array:
    """Booleans, which Arrow keeps as bits."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(np.packbits(values, bitorder="little"))])


def constant(value: str | date, rows: int) -> pa.DictionaryArray:
    """The same text or day `rows` times."""
    if isinstance(value, date):
        word = numbers(np.array([(value - _EPOCH).days], np.int32), pa.date32())
    else:
        word = texts(value)
    return pa.DictionaryArray.from_arrays(numbers(np.zeros(rows, np.int32), pa.int32()), word)


def octets_of(column: pa.Array) -> tuple[bytes, np.ndarray]:
    """The bytes of a column of texts in one piece, and where in it each begins, with the end of the last behind."""
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    data = column.buffers()[2]
    return data[offsets[0] : offsets[-1]].to_pybytes() if data else b"", offsets - offsets[0]


def values_of(column: pa.Array, kind: type[np.generic]) -> np.ndarray:
    """The memory of a column of fixed width, without copying it; what stands at a NULL means nothing."""
    width = column.type.bit_width // 8 // np.dtype(kind).itemsize
    return np.frombuffer(column.buffers()[1], kind)[column.offset * width : (column.offset + len(column)) * width]
