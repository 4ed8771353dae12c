"""Blocks of records into Parquet: two threads, each typing a block and writing its own part.

Block i goes to part i mod 2, in order, so neither thread timing nor pipe reads change a byte of the files. Queues hold
one block each: memory stays flat however large the archive is.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cuadre.formats.blocks import Block
from cuadre.formats.records import REPEATING, Typing
from cuadre.formats.sums import AMOUNTS, merged, sums
from cuadre.model.records import Totals

THREADS = 2
_SMALL_STEPS = ("line_no", *AMOUNTS, "occurred_at")
"""Numbers that differ little: stored as differences, which leaves zstd less to do than the numbers themselves."""
_STATISTICS = (*REPEATING, "line_no", "gross", "occurred_at")


@dataclass
class _Part:
    """One thread's work: its queue, file, totals, and what went wrong at which block."""

    path: Path
    blocks: queue.Queue[Block | None] = field(default_factory=lambda: queue.Queue(1))
    totals: dict[str, Totals] = field(default_factory=dict)
    failure: tuple[int, Exception] | None = None


def write_parts(blocks: Iterable[Block], typing: Typing, folder: Path) -> dict[str, Totals]:
    """Type `blocks` into `folder`/lines-000.parquet and so on; totals by currency, sorted. At least one file is made.

    All of `blocks` is consumed, also when a record is refused, so that the container's own checks come first.

    Raises:
        ArchiveRejected: the refusal of the first record, in file order, that does not read.
    """
    parts = [_Part(folder / f"lines-{number:03d}.parquet") for number in range(THREADS)]
    with _running(parts, typing):
        for block in blocks:
            part = parts[block.index % THREADS]
            if not any(p.failure for p in parts):
                part.blocks.put(block)
    failures = [part.failure for part in parts if part.failure]
    if failures:
        raise min(failures, key=lambda failure: failure[0])[1]
    if not any(part.path.exists() for part in parts):
        with _writer(parts[0].path, typing.schema) as writer:  # no line says which day it is, so the file does
            writer.add_key_value_metadata({"settlement_date": typing.settlement_date.isoformat()})
    return merged(part.totals for part in parts)


@contextlib.contextmanager
def _running(parts: list[_Part], typing: Typing) -> Iterator[None]:
    threads = [threading.Thread(target=_work, args=(part, typing), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for part in parts:
            part.blocks.put(None)
        for thread in threads:
            thread.join()


def _work(part: _Part, typing: Typing) -> None:
    """Type and write until told to stop; after a failure only empty the queue, so that nobody waits for it."""
    index, told = 0, False
    try:
        with contextlib.ExitStack() as files:
            writer: pq.ParquetWriter | None = None
            while (block := part.blocks.get()) is not None:
                index = block.index
                writer = writer or files.enter_context(_writer(part.path, typing.schema))
                table = typing.table(block)
                part.totals = merged([part.totals, sums(table)])
                writer.write_table(table, row_group_size=table.num_rows)
            told = True
    except Exception as error:  # the thread that asked raises it
        part.failure = (index, error)
    while not told:
        told = part.blocks.get() is None


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=[name for name in schema.names if name in REPEATING],
        write_statistics=[name for name in schema.names if name in _STATISTICS],
        store_schema=False,
        column_encoding=dict.fromkeys(_SMALL_STEPS, "DELTA_BINARY_PACKED"),
        store_decimal_as_integer=True,
    )
