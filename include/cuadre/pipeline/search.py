"""A reference looked up in the lake: lines, outcomes, order snapshots and bank credits of many days, through DuckDB.

Every condition is on one column, so that whole stretches of the files are passed over by their statistics. Files are
read as they are: what proves them is the receipt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from cuadre.matching.types import empty
from cuadre.model.columns import BANK_CREDITS, BANK_MATCHES, LINES, ORDERS, OUTCOMES, Table
from cuadre.model.literals import literal, literals
from cuadre.model.measures import at_risk_sql, money_sql
from cuadre.model.parquet import parquet_sql
from cuadre.model.records import OutcomeTotal, Reason
from cuadre.pipeline.keeping import Json
from cuadre.pipeline.lake import Lake
from cuadre.pipeline.life import AtBank, Batch, Credit, DayOutcome, Line, OrderSeen, Place

NAMING = ("psp_reference", "operation_reference", "merchant_reference", "original_reference")
"""Columns by which a line may be asked for, one by one."""

_ORDER = ("order_id", "psp_reference", "currency", "amount", "status", "created_at", "paid_at", "due_at", "updated_at")
_Row = TypeVar("_Row")


class Search:
    """Looks things up in the days it was opened for. All answers are in a full order, oldest first."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def lines_naming(self, reference: str) -> list[Line]:
        """Lines that carry `reference` as one of theirs."""
        return self._lines(*(f"{column} = {literal(reference)}" for column in NAMING))

    def lines_at(self, places: Collection[Place]) -> list[Line]:
        """The lines at these places, as far as they are in these days."""
        return self._lines(*_at(places))

    def outcomes(self, orders: Collection[str], items: Collection[str], places: Collection[Place]) -> list[DayOutcome]:
        """What was said of these orders, these items, and the lines at these places."""
        conditions = _at(places)
        conditions += [f"order_id IN ({literals(sorted(orders))})"] if orders else []
        conditions += [f"item_id IN ({literals(sorted(items))})"] if items else []
        found = {_outcome(row) for row in self._any("outcomes", _OUTCOME, conditions)}
        return sorted(found, key=in_order)

    def orders(self, column: str, values: Collection[str]) -> list[OrderSeen]:
        """The orders with one of `values` in `column`, each time they changed from one snapshot to the next."""
        if not values:
            return []
        names = ", ".join(_ORDER)
        rows = self._connection.execute(
            f"SELECT seen_on, {names} FROM orders WHERE {column} IN ({literals(sorted(values))}) "
            "ORDER BY order_id, seen_on"
        ).fetchall()
        return _folded(rows)

    def credits(self, reference: str) -> list[Credit]:
        """Bank credits with that id or reference."""
        conditions = [f"credit_id = {literal(reference)}", f"reference = {literal(reference)}"]
        rows = self._any("bank_credits", BANK_CREDITS.names, conditions)
        return sorted({Credit(*row) for row in rows}, key=lambda each: (each.value_date, each.credit_id))

    def at_the_bank(self, *, batches: Collection[tuple[date, str]] = (), credits: Collection[str] = ()) -> list[AtBank]:
        """How these batches, by day and id, stood at the bank on each day, and those that these credits pay."""
        conditions = [
            f"batch_id = {literal(batch)} AND batch_date = {literal(day)}" for day, batch in sorted(set(batches))
        ]
        conditions += [f"credit_id = {literal(credit)}" for credit in sorted(set(credits))]
        found = {AtBank(*row) for row in self._any("bank_matches", _names(AtBank), conditions)}
        return sorted(
            found, key=lambda each: (each.settlement_date, each.batch_id, each.currency, each.credit_id or "")
        )

    def batch_days(self, batch: str) -> list[date]:
        """The days with lines in that batch."""
        query = f"SELECT DISTINCT settlement_date FROM lines WHERE batch_id = {literal(batch)} ORDER BY 1"
        return [row[0] for row in self._connection.execute(query).fetchall()]

    def batch_lines(self, batch: Batch, most: int) -> list[Line]:
        """The first lines of a batch."""
        names = ", ".join(_names(Line))
        query = f"SELECT {names} FROM lines WHERE {_of(batch)} ORDER BY archive_id, line_no LIMIT {most}"
        return [Line(*row) for row in self._connection.execute(query).fetchall()]

    def batch_outcomes(self, batch: Batch) -> tuple[OutcomeTotal, ...]:
        """The outcomes of a batch on its own day, added up by outcome and currency."""
        query = (
            f"SELECT outcome, currency, COUNT(*), SUM({money_sql()}), SUM({at_risk_sql()}) "
            f"FROM ({_in_batch(batch)}) GROUP BY outcome, currency ORDER BY outcome, currency"
        )
        return tuple(OutcomeTotal(*row) for row in self._connection.execute(query).fetchall())

    def batch_breaks(self, batch: Batch, most: int) -> list[DayOutcome]:
        """The breaks of a batch on its own day, those with the most money at risk first."""
        query = (
            f"SELECT {', '.join(_OUTCOME)} FROM ({_in_batch(batch)}) WHERE {at_risk_sql()} > 0 "
            f"ORDER BY {at_risk_sql()} DESC, item_id LIMIT {most}"
        )
        return [_outcome(row) for row in self._connection.execute(query).fetchall()]

    def _lines(self, *conditions: str) -> list[Line]:
        lines = {Line(*row) for row in self._any("lines", _names(Line), conditions)}
        return sorted(lines, key=lambda each: (each.settlement_date, each.place))

    def _any(self, view: str, names: Sequence[str], conditions: Iterable[str]) -> list[tuple[Any, ...]]:
        """Rows that meet one of `conditions`; those that meet several come several times."""
        columns = ", ".join(f'"{name}"' for name in names)
        queries = [f"SELECT {columns} FROM {view} WHERE {condition}" for condition in conditions]
        return self._connection.execute(" UNION ALL ".join(queries)).fetchall() if queries else []


@contextmanager
def searching(lake: Lake, admissions: Sequence[Json], runs: dict[date, Json]) -> Iterator[Search]:
    """A search over the lines of `admissions` and what the `runs` of the days left."""
    files = [lake.store.get(file["key"]) for record in admissions for file in record["lines"]]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        _view(connection, "lines", LINES, files)
        _view(connection, "outcomes", OUTCOMES, _left(lake, runs, "outcomes"))
        _view(connection, "bank_credits", BANK_CREDITS, _left(lake, runs, "bank_credits"))
        _view(connection, "bank_matches", BANK_MATCHES, _left(lake, runs, "bank_matches"))
        snapshots = [
            f"SELECT {literal(day)} AS seen_on, * FROM {parquet_sql(_left(lake, {day: run}, 'orders'))}"
            for day, run in sorted(runs.items())
        ] or [f"SELECT CAST(NULL AS DATE) AS seen_on, * FROM ({empty(ORDERS)})"]
        connection.execute(f"CREATE VIEW orders AS {' UNION ALL BY NAME '.join(snapshots)}")
        yield Search(connection)


def in_order(outcome: DayOutcome) -> tuple[date, Place, str]:
    """By day; within it lines by archive and number, then orders without one."""
    return outcome.settlement_date, outcome.place or ("~", 0), outcome.item_id


def _view(connection: duckdb.DuckDBPyConnection, name: str, table: Table, files: list[Path]) -> None:
    connection.execute(f"CREATE VIEW {name} AS {f'FROM {parquet_sql(files)}' if files else empty(table)}")


def _left(lake: Lake, runs: dict[date, Json], name: str) -> list[Path]:
    return [lake.store.get(run["files"][name]["key"]) for _, run in sorted(runs.items()) if name in run["files"]]


def _in_batch(batch: Batch) -> str:
    """The outcomes of the batch's lines on its own day."""
    return (
        f"SELECT o.* FROM outcomes o JOIN (SELECT archive_id, line_no FROM lines WHERE {_of(batch)}) l "
        "ON o.archive_id = l.archive_id AND o.line_no = l.line_no "
        f"WHERE o.settlement_date = {literal(batch.settlement_date)}"
    )


def _of(batch: Batch) -> str:
    return (
        f"batch_id = {literal(batch.batch_id)} AND settlement_date = {literal(batch.settlement_date)} "
        f"AND currency = {literal(batch.currency)}"
    )


def _at(places: Collection[Place]) -> list[str]:
    """One condition for each archive: a reference may be that of very many lines."""
    numbers: defaultdict[str, list[str]] = defaultdict(list)
    for archive, number in sorted(places):
        numbers[archive].append(str(number))
    return [f"archive_id = {literal(archive)} AND line_no IN ({', '.join(of)})" for archive, of in numbers.items()]


def _names(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]


_OUTCOME = ["pass" if name == "by" else name for name in _names(DayOutcome)]


def _outcome(row: tuple[Any, ...]) -> DayOutcome:
    day, outcome, reasons, *rest = row
    return DayOutcome(day, outcome, tuple(Reason(**each) for each in reasons), *rest)


def _folded(rows: list[tuple[Any, ...]]) -> list[OrderSeen]:
    """Neighbours that say the same as one; rows are sorted by order and day."""
    found: list[OrderSeen] = []
    for seen_on, *values in rows:
        again = OrderSeen(seen_on, seen_on, *values)
        before = found[-1] if found else None
        if before is not None and OrderSeen(seen_on, seen_on, *(getattr(before, name) for name in _ORDER)) == again:
            found[-1] = OrderSeen(before.first_seen, seen_on, *values)
        else:
            found.append(again)
    return found
