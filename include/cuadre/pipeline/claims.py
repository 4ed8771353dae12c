"""What outcomes of earlier days use up, as rows of `claims`: orders that were cleared, and money given back.

Three files are made: what the days in reach claim; what days before them claim of the few orders that are as old; and
what is known of older orders, which is handed on, so that no later day looks for it again. What does not live here:
which days these are, and where their files lie (`carried.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from cuadre.matching.types import empty
from cuadre.model.codes import CLEARED, LINKED_LINE_TYPES
from cuadre.model.columns import CLAIMS
from cuadre.model.literals import literal, literals
from cuadre.model.parquet import parquet_sql

Lines = Callable[[set[str]], Sequence[Path]]
"""Gives the files of admitted lines of archives, by their ids; not called where no reference is needed."""

_CLEARED = literals(outcome.name for outcome in CLEARED)
_RETURNS = literals(LINKED_LINE_TYPES)
_PAYS = f"line_type = 'PAYMENT' AND outcome IN ({_CLEARED}) AND order_id IS NOT NULL"
_GIVES_BACK = f"line_type IN ({_RETURNS}) AND (order_id IS NOT NULL OR pass = 'original_reference')"
_REFERENCES = ("psp_reference", "merchant_reference", "original_reference")
_LINE = "order_id, archive_id, line_no, settlement_date, line_type, currency"

_UNNAMED = f"""
    SELECT DISTINCT archive_id, line_no
    FROM outcomes
    WHERE ({_PAYS} AND pass <> 'psp_reference') OR ({_GIVES_BACK} AND order_id IS NULL)
"""
"""Lines whose own references are needed, because no order is known to have them."""

_CLAIMS = f"""
    SELECT {_LINE}, expected AS gross
    FROM outcomes
    WHERE {_PAYS}
    UNION ALL
    SELECT order_id, NULL, NULL, settlement_date, 'PAYMENT', currency, expected
    FROM outcomes
    WHERE archive_id IS NULL AND outcome IN ({_CLEARED}) AND order_id IS NOT NULL
    UNION ALL
    SELECT {_LINE}, gross
    FROM handed_on
    WHERE line_type = 'PAYMENT'
    UNION ALL
    SELECT * FROM (
        SELECT {_LINE}, got AS gross
        FROM outcomes
        WHERE {_GIVES_BACK}
        UNION ALL
        SELECT {_LINE}, gross
        FROM handed_on
        WHERE line_type <> 'PAYMENT'
    )
    QUALIFY ROW_NUMBER() OVER (PARTITION BY archive_id, line_no ORDER BY settlement_date DESC) = 1
"""

_BEGUN = "LEAST(created_at, paid_at)"
"""The first that is heard of an order; times that are not there do not count."""


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier day knew of older orders: the file it handed on, of which rows of days before `before` count."""

    path: Path
    before: date


def write_claims(outcomes: Sequence[Path], out: Path, lines: Lines, known: Known | None = None) -> None:
    """What `outcomes` clear and give back, in the canonical columns of `claims`, to the Parquet file `out`.

    A line that came up on several days is there once, as of the last of them. An order that was paid together with
    others has a row of its own, without the line. The line's references are there only where no order is known to
    have them: for a payment that another pass than the provider's reference paired, and a return of a payment without
    an order.

    Args:
        outcomes: The outcomes of earlier days, one file each.
        out: The file to write.
        lines: Gives the lines whose references are needed.
        known: What is known of older orders from the days before these.
    """
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW outcomes AS FROM {parquet_sql(outcomes)}")
        connection.execute(f"CREATE TABLE handed_on AS {_counting(known) if known else empty(CLAIMS)}")
        _write(connection, _claims(connection, lines), out)


def write_older_claims(
    outcomes: Sequence[Path], out: Path, lines: Lines, *, orders: pa.Table, recent: Path | None = None
) -> None:
    """What `outcomes` of days out of reach say of `orders`, and of payments without an order, to `out`.

    Lines that the claims in `recent` are about are left out: they were judged again since. Columns and the other
    arguments are those of `write_claims`.
    """
    with duckdb.connect() as connection:
        connection.register("wanted", orders)
        connection.execute(
            f"CREATE TABLE outcomes AS FROM {parquet_sql(outcomes)} "
            f"WHERE order_id IN (SELECT order_id FROM wanted) OR (order_id IS NULL AND {_GIVES_BACK})"
        )
        connection.execute(f"CREATE TABLE handed_on AS {empty(CLAIMS)}")
        connection.execute(f"CREATE TABLE found AS {_claims(connection, lines)}")
        found = "FROM found"
        if recent:
            again = (
                f"SELECT archive_id, line_no FROM {parquet_sql([recent])} SEMI JOIN found USING (archive_id, line_no)"
            )
            found += f" ANTI JOIN ({again}) USING (archive_id, line_no)"
        _write(connection, found, out)


def write_known(claims: Sequence[Path], out: Path, *, orders: pa.Table, open_items: Path | None) -> None:
    """What `claims` say of `orders`, which they cover in full, to `out`; with it each order in a row of its own.

    Returns of payments that have no order are among it while an open payment line or one of the orders is called as
    they name it.
    """
    with duckdb.connect() as connection:
        connection.register("known", orders)
        connection.execute(f"CREATE VIEW claims AS {_all(claims) if claims else empty(CLAIMS)}")
        connection.execute("CREATE TABLE kept AS FROM claims SEMI JOIN known USING (order_id)")
        names = (
            "SELECT order_id FROM known UNION SELECT psp_reference FROM known UNION SELECT psp_reference FROM kept "
            f"UNION {_open_payments(open_items)}"
        )
        named = " OR ".join(f"{each} IN (FROM names)" for each in _REFERENCES)
        rows = (
            f"WITH names AS ({names}) FROM kept UNION ALL FROM claims WHERE order_id IS NULL AND ({named}) "
            "UNION ALL BY NAME SELECT order_id FROM known"
        )
        _write(connection, rows, out)


def older_orders(orders: Path, open_items: Path | None, before: datetime) -> pa.Table:
    """The orders first heard of before `before`: order_id, psp_reference, and `begun`, the moment.

    Args:
        orders: The snapshot.
        open_items: What the day before left; orders that only these know count too.
        before: An aware moment.
    """
    with duckdb.connect() as connection:
        held = f"SELECT order_id, psp_reference, created_at, paid_at FROM {parquet_sql([orders])}"
        if open_items:
            item = f'(SELECT UNNEST("order") FROM {parquet_sql([open_items])} WHERE "order" IS NOT NULL)'
            held += f" UNION ALL SELECT order_id, psp_reference, created_at, paid_at FROM {item}"
        return connection.sql(
            f"SELECT order_id, MIN(psp_reference) AS psp_reference, MIN({_BEGUN}) AS begun FROM ({held}) "
            f"WHERE {_BEGUN} < {literal(before)} GROUP BY order_id ORDER BY order_id"
        ).to_arrow_table()


def without_known(orders: pa.Table, known: Path) -> pa.Table:
    """Those of `orders` that the file of `write_known` does not cover."""
    with duckdb.connect() as connection:
        connection.register("orders", orders)
        covered = f"SELECT order_id FROM {parquet_sql([known])} WHERE line_type IS NULL"
        return connection.sql(f"FROM orders ANTI JOIN ({covered}) USING (order_id) ORDER BY order_id").to_arrow_table()


def _claims(connection: duckdb.DuckDBPyConnection, lines: Lines) -> str:
    """A SELECT of the claims in `outcomes` and `handed_on`, with references where any is needed."""
    connection.execute(f"CREATE TABLE unnamed AS {_UNNAMED}")
    names = ", ".join(_REFERENCES)
    filled = f"COALESCE({names}) IS NOT NULL"
    connection.execute(
        f"CREATE TABLE named AS SELECT archive_id, line_no, {names} FROM handed_on WHERE {filled} "
        "AND (archive_id, line_no) NOT IN (SELECT (archive_id, line_no) FROM unnamed)"
    )
    archives = {row[0] for row in connection.sql("SELECT DISTINCT archive_id FROM unnamed").fetchall()}
    if files := list(lines(archives)) if archives else []:
        found = f"SELECT archive_id, line_no, {names} FROM {parquet_sql(files)}"
        connection.execute(f"INSERT INTO named {found} SEMI JOIN unnamed USING (archive_id, line_no)")
    if connection.sql("FROM named LIMIT 1").fetchall():
        return f"FROM ({_CLAIMS}) LEFT JOIN named USING (archive_id, line_no)"
    return f"FROM ({_CLAIMS})"


def _counting(known: Known) -> str:
    return f"FROM ({_all([known.path])}) WHERE line_type IS NOT NULL AND settlement_date < {literal(known.before)}"


def _all(claims: Sequence[Path]) -> str:
    """A SELECT of the claims in files, with the columns that they lack."""
    return f"{empty(CLAIMS)} UNION ALL BY NAME FROM {parquet_sql(claims)}"


def _open_payments(open_items: Path | None) -> str:
    if open_items is None:
        return "SELECT NULL"
    return f"SELECT line.psp_reference FROM {parquet_sql([open_items])} WHERE line.line_type = 'PAYMENT'"


def _write(connection: duckdb.DuckDBPyConnection, rows: str, out: Path) -> None:
    sorted_rows = f"FROM ({rows}) ORDER BY order_id, archive_id, line_no, settlement_date"
    connection.sql(sorted_rows).write_parquet(str(out), compression="zstd")
