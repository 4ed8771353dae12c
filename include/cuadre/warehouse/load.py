"""Rows in: what DuckDB selects, streamed into a table by COPY.

DuckDB writes CSV into a named pipe while psycopg reads it, so the rows never touch the disk and memory stays bounded.
Measured with 1 M rows of 25 columns: as fast as a bare COPY of a ready CSV file; pyarrow's CSV writer takes 1.8 times
as long, text built in SQL 2.3 times, and ADBC's ingest cannot fill a jsonb column.
"""

from __future__ import annotations

import fcntl
import os
import select
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql

_CHUNK = 1 << 18
_PIPE = 1 << 20
"""The most Linux lets an ordinary user have; with its default of 64 KB both sides wake each other all the time."""

_LOOK_UP_MS = 200


def copy_in(
    cursor: psycopg.Cursor[Any],
    table: sql.Composable,
    columns: Sequence[str],
    duck: duckdb.DuckDBPyConnection,
    select_sql: str,
) -> int:
    """Copy what `select_sql` gives in `duck` into `columns` of `table`, in the cursor's transaction.

    Args:
        cursor: Of a connection whose caller decides on the commit.
        table: The quoted name of the table.
        columns: Names of the columns, in the order `select_sql` gives them.
        duck: Whose time zone is UTC; a cursor of it runs the statement in a thread.
        select_sql: One statement; it never holds a value that came from outside.

    Returns:
        The number of rows.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        table, sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with csv_chunks(duck, select_sql) as chunks, cursor.copy(statement) as copy:
        for chunk in chunks:
            copy.write(chunk)
    return cursor.rowcount


@contextmanager
def csv_chunks(duck: duckdb.DuckDBPyConnection, select_sql: str) -> Iterator[Iterator[bytes]]:
    """The CSV of `select_sql`, without a header, as it is written; NULL is empty, an empty text is quoted."""
    with tempfile.TemporaryDirectory(prefix="cuadre-") as folder:
        pipe = Path(folder) / "csv"
        os.mkfifo(pipe, 0o600)
        # Opened without waiting: a writer that fails before it opens its end must not leave us waiting for it.
        reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        with suppress(AttributeError, OSError):  # not Linux, or over the user's share: slower, not wrong
            fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, _PIPE)
        writer = _Writer(duck.cursor(), f"COPY ({select_sql}) TO '{pipe}' (FORMAT csv, HEADER false)")
        try:
            writer.start()
            yield _read(reading, writer)
            writer.result()
        finally:
            os.close(reading)
            writer.stop()


class _Writer(threading.Thread):
    """Runs the COPY; keeps what went wrong for the reading side."""

    def __init__(self, duck: duckdb.DuckDBPyConnection, statement: str) -> None:
        super().__init__(name="cuadre-copy", daemon=True)
        self._duck = duck
        self._statement = statement
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            self._duck.execute(self._statement)
        except Exception as error:  # raised again by result(), in the reader's thread
            self._error = error

    def result(self) -> None:
        """Wait for the end; raise what the statement raised."""
        self.join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End the statement, if it still runs, and give the cursor back."""
        if self.is_alive():
            with suppress(duckdb.Error):
                self._duck.interrupt()
        self.join()
        self._duck.close()


def _read(reading: int, writer: _Writer) -> Iterator[bytes]:
    _await_first_byte(reading, writer)
    os.set_blocking(reading, True)
    parts: list[bytes] = []
    size = 0
    while part := os.read(reading, _CHUNK):  # nothing: the writer closed its end, or never opened it
        parts.append(part)
        size += len(part)
        if size >= _CHUNK:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts)
    writer.result()


def _await_first_byte(reading: int, writer: _Writer) -> None:
    poll = select.poll()
    poll.register(reading, select.POLLIN | select.POLLHUP)
    alive = True
    while alive and not poll.poll(_LOOK_UP_MS):
        alive = writer.is_alive()
