"""Claims of days out of reach: what they say of the few orders and lines that are as old, and what of it is handed on.

What the outcomes of a day use up is the model `outcome_claims`. What does not live here: which days these are, and
where their files lie (`past.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from cuadre.matching.engine import open_duckdb
from cuadre.matching.models import claiming_parameters
from cuadre.matching.rendering import render
from cuadre.matching.types import empty
from cuadre.model.codes import RETURNS
from cuadre.model.columns import CLAIMS
from cuadre.model.literals import literal, literals
from cuadre.model.parquet import parquet_sql

_BEGUN = "LEAST(created_at, paid_at)"
"""The first that is heard of an order; times that are not there do not count."""

_CALLED = (
    "CASE WHEN line_type = 'PAYMENT' THEN COALESCE(FILLED(psp_reference), FILLED(operation_reference)) "
    "ELSE COALESCE(FILLED(original_reference), FILLED(psp_reference), FILLED(merchant_reference)) END"
)
"""What a line is called by: a return as what it gives back."""

_RETURNS = literals(RETURNS)
_LONE = f"order_id IS NULL AND line_type IN ({_RETURNS})"
"""Returns of payments that had no order."""

_ABOUT_WANTED = f"""(
    order_id IN (SELECT order_id FROM wanted)
    OR {_CALLED} IN (SELECT reference FROM wanted WHERE order_id IS NULL)
)"""


def old_records(
    lines: Sequence[Path],
    orders: Path,
    open_items: Path | None,
    before: datetime,
    room: Path,
    *,
    lines_before: datetime | None = None,
) -> pa.Table:
    """The records in play that are as old as claims of days out of reach: order_id, reference, and `begun`, the moment.

    Args:
        lines: The lines of the day; what payments and returns from before `lines_before`, or else `before`, are called
            by has no order_id.
        orders: The snapshot; orders first heard of before `before`, with their psp_reference.
        open_items: What the day before left; lines and orders that only these know count too.
        before: An aware moment.
        room: The folder to spill to.
        lines_before: An aware moment.
    """
    order = f"SELECT order_id, psp_reference, created_at, paid_at FROM {parquet_sql([orders])}"
    paid = [parquet_sql(lines)] if lines else []
    if open_items:
        held = f'SELECT UNNEST("{{}}") FROM {parquet_sql([open_items])}'
        order += f" UNION ALL SELECT order_id, psp_reference, created_at, paid_at FROM ({held.format('order')})"
        paid.append(f"({held.format('line')})")
    found = [
        f"SELECT order_id, MIN(psp_reference) AS reference, MIN({_BEGUN}) AS begun FROM ({order}) "
        f"WHERE order_id IS NOT NULL AND {_BEGUN} < {literal(before)} GROUP BY order_id"
    ]
    found += [
        f"SELECT NULL AS order_id, {_CALLED} AS reference, MIN(occurred_at) AS begun FROM {each} "
        f"WHERE line_type IN ('PAYMENT', {_RETURNS}) AND {_CALLED} IS NOT NULL "
        f"AND occurred_at < {literal(lines_before or before)} GROUP BY ALL"
        for each in paid
    ]
    with open_duckdb(room) as connection:
        return connection.sql(f"FROM ({' UNION ALL '.join(found)}) ORDER BY order_id, reference").to_arrow_table()


def without_known(records: pa.Table, known: Path, room: Path) -> pa.Table:
    """Those of `records` that are not among the `known` ones another day knew all of; both as of `old_records`."""
    with open_duckdb(room) as connection:
        connection.register("records", records)
        return connection.sql(
            f"FROM records AS r WHERE NOT EXISTS (FROM {parquet_sql([known])} AS k WHERE k.begun <= r.begun AND "
            "CASE WHEN r.order_id IS NULL THEN k.order_id IS NULL AND k.reference = r.reference "
            "ELSE k.order_id = r.order_id END) ORDER BY order_id, reference"
        ).to_arrow_table()


def write_known_before(known: Path, out: Path, before: date) -> None:
    """What an earlier day handed on in `known` of claims of days before `before`, to the Parquet file `out`."""
    with open_duckdb(out.parent) as connection:
        rows = f"FROM {parquet_sql([known])} WHERE settlement_date < {literal(before)}"
        _write(connection, rows, out)


def write_older_claims(outcomes: Sequence[Path], out: Path, wanted: pa.Table) -> None:
    """What `outcomes` of days out of reach claim of `wanted` records, and of payments without an order, to `out`."""
    with open_duckdb(out.parent) as connection:
        connection.register("wanted", wanted)
        connection.execute(f"CREATE VIEW claims AS {_claims(outcomes)}")
        _write(connection, f"FROM claims WHERE {_ABOUT_WANTED} OR ({_LONE})", out)


def write_known(
    outcomes: Sequence[Path], claims: Sequence[Path], out: Path, wanted: pa.Table, open_items: Path | None
) -> None:
    """All that `outcomes` and `claims` of earlier days claim of `wanted` records to `out`.

    Returns of payments that have no order are among it while an open payment line or one of the orders is called as
    they name it.
    """
    with open_duckdb(out.parent) as connection:
        connection.register("wanted", wanted)
        given = f" UNION ALL BY NAME FROM {parquet_sql(claims)}" if claims else ""
        connection.execute(f"CREATE VIEW claims AS {empty(CLAIMS)} UNION ALL BY NAME ({_claims(outcomes)}){given}")
        connection.execute(f"CREATE TABLE kept AS FROM claims WHERE {_ABOUT_WANTED}")
        names = (
            "SELECT order_id FROM wanted UNION SELECT reference FROM wanted UNION SELECT psp_reference FROM kept "
            f"UNION {_open_payments(open_items)}"
        )
        references = ("psp_reference", "merchant_reference", "original_reference")
        named = " OR ".join(f"{each} IN (FROM names)" for each in references)
        _write(
            connection,
            f"WITH names AS ({names}) FROM kept UNION ALL FROM claims WHERE {_LONE} AND ({named})",
            out,
        )


def _claims(outcomes: Sequence[Path]) -> str:
    """A SELECT of what `outcomes` use up."""
    if not outcomes:
        return empty(CLAIMS)
    held = f"WITH earlier_outcomes AS (FROM {parquet_sql(outcomes)})"
    return f"{held} {render('outcome_claims', claiming_parameters())}"


def _open_payments(open_items: Path | None) -> str:
    if open_items is None:
        return "SELECT NULL"
    return f"SELECT line.psp_reference FROM {parquet_sql([open_items])} WHERE line.line_type = 'PAYMENT'"


def _write(connection: duckdb.DuckDBPyConnection, rows: str, out: Path) -> None:
    sorted_rows = f"FROM ({rows}) ORDER BY order_id, archive_id, line_no, settlement_date, psp_reference"
    connection.sql(sorted_rows).write_parquet(str(out), compression="zstd")
