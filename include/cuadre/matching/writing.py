"""Results to Parquet: exact canonical schema, zstd, the same bytes for the same rows.

Row groups are cut at a fixed number of rows whatever the engine's batches are, and the file gets its name only when
it is complete.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 250_000


def write_parquet(tables: Iterable[pa.Table], schema: pa.Schema, path: Path) -> int:
    """Write the rows of `tables` to `path`, in their order; returns the number of rows."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    rows = 0
    try:
        with pq.ParquetWriter(
            unfinished,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=_repetitive(schema),
            store_decimal_as_integer=True,
        ) as writer:
            for group in _groups(tables):
                columns = [_fit(group.column(field.name), field) for field in schema]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=ROW_GROUP_ROWS)
                rows += group.num_rows
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def _repetitive(schema: pa.Schema) -> list[str]:
    """Columns worth a dictionary: all but those that differ on nearly every row."""
    return [field.name for field in schema if field.name not in {"item_id", "order_id", "line_no", "expected", "got"}]


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Tables of ROW_GROUP_ROWS rows each, the last one shorter; none for no rows."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        start = 0
        while start < table.num_rows:
            part = table.slice(start, ROW_GROUP_ROWS - rows)
            waiting.append(part)
            rows += part.num_rows
            start += part.num_rows
            if rows == ROW_GROUP_ROWS:
                yield pa.concat_tables(waiting)
                waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting)


def _fit(column: pa.ChunkedArray, field: pa.Field) -> pa.Array:
    """One contiguous array of the field's exact type, so that pages are cut alike however the batches came."""
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    array = array.cast(field.type) if not pa.types.is_nested(field.type) else _nested(array, field.type)
    return pa.concat_arrays([array])


def _nested(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    """A list or struct array with the wanted child fields, nullability included."""
    if pa.types.is_list(wanted):
        child = _nested(array.flatten(), wanted.value_type)
        lengths = array.value_lengths().fill_null(0)
        offsets = pa.concat_arrays([pa.array([0], pa.int32()), _running_sum(lengths)])
        mask = array.is_null() if array.null_count else None
        return pa.ListArray.from_arrays(offsets, child, type=wanted, mask=mask)
    if pa.types.is_struct(wanted):
        mask = array.is_null() if array.null_count else None
        children = [_child(array.field(field.name), field, mask) for field in wanted]
        return pa.StructArray.from_arrays(children, fields=list(wanted), mask=mask)
    return array.cast(wanted)


def _child(array: pa.Array, field: pa.Field, absent: pa.Array | None) -> pa.Array:
    """A struct's child; where the whole struct is absent, a child that may not be NULL gets a value nobody reads."""
    child = _nested(array, field.type)
    if absent is None or field.nullable:
        return child
    return pc.if_else(absent, _neutral(field.type), child)


def _neutral(kind: pa.DataType) -> pa.Scalar:
    if pa.types.is_string(kind):
        return pa.scalar("", kind)
    if pa.types.is_decimal(kind):
        return pa.scalar(Decimal(0), kind)
    return pa.scalar(0, pa.int32() if pa.types.is_date32(kind) else pa.int64()).cast(kind)


def _running_sum(lengths: pa.Array) -> pa.Array:
    return pc.cumulative_sum(lengths).cast(pa.int32())
