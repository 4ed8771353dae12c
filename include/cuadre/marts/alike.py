"""Breaks, and all items that ought to match, counted by what they share: what the model `break_cause` is made of.

Breaks are described by the open items they left, all items by one count of the day's lines over a few narrow columns;
nothing is joined to the day. What is alike is one row, so that a million open items cost what their differences cost.
"""

from __future__ import annotations

import duckdb

from cuadre.config.fees import plan_sql
from cuadre.config.source import Source
from cuadre.model.codes import BREAKS, RETURNS, TAKEN_STATUSES, LineType
from cuadre.model.literals import literal, literals
from cuadre.model.measures import at_risk_sql

_QUARTER = 15 * 60 * 1_000_000
"""Microseconds in which moments are counted before their hour is worked out: every zone's hours are made of them."""


def count_alike(duck: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Make the tables `broken` (alike breaks, with outcome and money) and `present` (alike items that ought to match).

    Both have a column for each dimension, NULL where a row has no such thing, `is_new` (no break when the day began)
    and `items`, their number. Asks for `lines`, `opened`, `left_open`, `orders` and `admissions`.
    """
    broken = literals(outcome.name for outcome in BREAKS)
    duck.execute(
        "CREATE VIEW left_breaks AS SELECT *, "
        f"item_id NOT IN (SELECT item_id FROM opened WHERE outcome IN ({broken})) AND NOT EXISTS ("
        "FROM (SELECT line.archive_id AS archive_id, line.line_no AS line_no FROM opened) AS c "
        "WHERE c.archive_id = l.archive_id AND c.line_no = l.line_no) AS is_new "
        'FROM (SELECT *, "order" AS ordered, line.archive_id AS archive_id, line.line_no AS line_no '
        f"FROM left_open WHERE outcome IN ({broken})) AS l"
    )
    moment = "COALESCE(line.occurred_at, ordered.paid_at, ordered.created_at)"
    alike = (
        f"SELECT is_new, outcome, currency, {_of_line('line.')}, {_quarter(moment)} AS quarter, "
        f"ordered.merchant AS merchant, COUNT(*) AS items, SUM({at_risk_sql()}) AS at_risk "
        "FROM left_breaks GROUP BY ALL"
    )
    duck.execute(f"CREATE TABLE broken AS {_described(alike, source)}")
    alike = (
        f"SELECT TRUE AS is_new, currency, {_of_line()}, {_quarter('occurred_at')} AS quarter, COUNT(*) AS items "
        f"FROM lines WHERE line_type IN ({literals((LineType.PAYMENT, *RETURNS))}) "
        "AND EXISTS (FROM broken) GROUP BY ALL "  # without a break nothing is counted
        f"UNION ALL BY NAME SELECT FALSE AS is_new, line.currency AS currency, {_of_line('line.')}, "
        f"{_quarter('line.occurred_at')} AS quarter, COUNT(*) AS items FROM opened WHERE line IS NOT NULL GROUP BY ALL"
    )
    duck.execute(
        f"CREATE TABLE present AS SELECT * FROM ({_described(alike, source)}) "
        "UNION ALL BY NAME SELECT is_new, currency, hour, items FROM broken WHERE line_type IS NULL "
        "UNION ALL BY NAME SELECT TRUE AS is_new, merchant, COUNT(*) AS items FROM orders "
        f"WHERE status IN ({literals(TAKEN_STATUSES)}) AND EXISTS (FROM broken) GROUP BY ALL"
    )


def _of_line(prefix: str = "") -> str:
    """What is counted of a line besides its currency and moment; all NULL without one."""
    there = f"{prefix}line_type IS NOT NULL"
    return (
        f"{prefix}archive_id AS archive_id, {prefix}line_type AS line_type, "
        f"{prefix}settlement_date AS settlement_date, "
        f"CASE WHEN {there} THEN COALESCE({prefix}batch_id, '-') END AS batch, "
        f"CASE WHEN {there} THEN COALESCE({prefix}channel, '-') END AS channel"
    )


def _quarter(moment: str) -> str:
    return f"EPOCH_US({moment}) // {_QUARTER}"


def _described(alike: str, source: Source) -> str:
    """`alike` with names for its archive, fee plan and hour."""
    moment = f"MAKE_TIMESTAMPTZ(quarter * {_QUARTER})"
    hour = f"STRFTIME({moment} AT TIME ZONE {literal(source.timezone)}, '%H:00')"
    names = "SELECT archive_id, MIN(file_name) AS file_name FROM admissions GROUP BY archive_id"
    plan = f"CASE WHEN line_type = '{LineType.PAYMENT}' THEN {plan_sql(source.fees)} END"
    return (
        "SELECT * EXCLUDE (archive_id, settlement_date, quarter, file_name), "
        f"COALESCE(file_name, archive_id) AS archive, {plan} AS fee_plan, {hour} AS hour, currency AS unit "
        f"FROM ({alike}) LEFT JOIN ({names}) USING (archive_id)"
    )
