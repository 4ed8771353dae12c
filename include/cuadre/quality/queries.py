"""The SQL of expectations that takes more than a comparison: whole queries, and conditions of one line.

A query selects (archive_id, line_no) of the lines that break the expectation, from `{batch}`; nothing else of a line
ever leaves DuckDB. Which expectations there are, and what each means, is in `expectations.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from cuadre.config.fees import fee_sql
from cuadre.config.source import Source
from cuadre.model.codes import LineType
from cuadre.model.columns import LINES, Kind
from cuadre.model.literals import literals

Query = Callable[[Source, date], str]
"""SQL for a source and a settlement date."""

DUCKDB_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.COUNT: "BIGINT",
    Kind.MONEY: "DECIMAL(18,6)",
    Kind.DATE: "DATE",
    Kind.INSTANT: "TIMESTAMP WITH TIME ZONE",
}
"""How DuckDB names the type of each kind of column that occurs in lines."""

_REFERENCES = tuple(c for c in LINES.names if c.endswith("_reference"))


def schema(_source: Source, _day: date) -> str:
    """Query: a row without a place for each column that is lacking or of another type."""
    # Great Expectations prints a warning about any query that does not name its batch, hence the remark in this one.
    declared = ", ".join(f"('{column.name}', '{DUCKDB_TYPES[column.kind]}')" for column in LINES.columns)
    optional = literals(column.name for column in LINES.columns if column.optional)
    return (
        "SELECT NULL AS archive_id, NULL AS line_no "
        f"FROM (VALUES {declared}) AS declared(column_name, column_type) "
        "LEFT JOIN (DESCRIBE lines_as_found) AS found USING (column_name) /* behind {batch} */ "
        "WHERE found.column_type IS DISTINCT FROM declared.column_type "
        f"AND NOT (found.column_type IS NULL AND column_name IN ({optional}))"
    )


def repeated(column: str) -> Query:
    """Query: payments whose `column` another payment has too."""
    payments = f"line_type = '{LineType.PAYMENT}'"
    return lambda _source, _day: (
        f"SELECT archive_id, line_no FROM {{batch}} WHERE {payments} AND {column} IN "
        f"(SELECT {column} FROM {{batch}} WHERE {payments} AND {column} IS NOT NULL "
        f"GROUP BY {column} HAVING count(*) > 1)"
    )


def line_repeated(_source: Source, _day: date) -> str:
    """Query: lines that are there twice."""
    # counting numbers within an archive is cheap; only an archive that repeats one is looked at line by line
    repeating = "SELECT archive_id FROM {batch} GROUP BY archive_id HAVING count(line_no) > count(DISTINCT line_no)"
    return (
        f"SELECT archive_id, line_no FROM {{batch}} WHERE archive_id IN ({repeating}) "
        "GROUP BY archive_id, line_no HAVING count(*) > 1"
    )


def lines_lacking(_source: Source, _day: date) -> str:
    """Query: the last line of each archive whose numbers have a gap."""
    return (
        "SELECT archive_id, max(line_no) AS line_no FROM {batch} GROUP BY archive_id "
        "HAVING max(line_no) <> count(*) OR min(line_no) <> 1"
    )


def unbalanced_batch(_source: Source, _day: date) -> str:
    """Query: the first payout of each batch and currency that does not net to zero with it."""
    payout = f"line_type = '{LineType.PAYOUT}'"
    return (
        f"SELECT min(archive_id) FILTER ({payout}) AS archive_id, min(line_no) FILTER ({payout}) AS line_no "
        "FROM {batch} WHERE batch_id IS NOT NULL GROUP BY batch_id, currency "
        f"HAVING count(*) FILTER ({payout}) > 0 AND sum(net) <> 0"
    )


def outside_limits(source: Source, _day: date) -> str:
    """Condition: the gross is not within the limits of its currency."""
    bounds = [
        f"(currency = '{currency}' AND gross NOT BETWEEN {low:f} AND {high:f})"
        for currency, (low, high) in sorted(source.limits.amounts.items())
    ]
    return " OR ".join(bounds) or "false"


def no_fee_plan(source: Source, _day: date) -> str:
    """Condition: the fee contract has no plan for the line."""
    return f"({fee_sql(source.fees)}) IS NULL" if source.fees else "false"


def untidy(_source: Source, _day: date) -> str:
    """Condition: a reference is empty text or has blanks around it."""
    return " OR ".join(f"{column} = '' OR {column} LIKE ' %' OR {column} LIKE '% '" for column in _REFERENCES)


def exchange_in_part(_source: Source, _day: date) -> str:
    """Condition: what is said of an exchange is not all of it, or contradicts the line."""
    return (
        "(presentment_currency IS NULL) <> (presentment_amount IS NULL) "
        "OR (presentment_currency IS NULL) <> (exchange_rate IS NULL) "
        "OR presentment_currency = currency OR exchange_rate <= 0 OR sign(presentment_amount) <> sign(gross)"
    )


def rate_not_believed(source: Source, _day: date) -> str:
    """Condition: the rate is beyond those that the source declares for its currencies."""
    bounds = [
        f"(presentment_currency = '{paid}' AND currency = '{settled}' "
        f"AND exchange_rate NOT BETWEEN {least:f} AND {greatest:f})"
        for paid, by_settled in sorted(source.settlement.exchange.rates.items())
        for settled, (least, greatest) in sorted(by_settled.items())
    ]
    return " OR ".join(bounds) or "false"


def after_day(source: Source, day: date) -> str:
    """Condition: it happened after the local end of the day."""
    return f"occurred_at >= {_instant(source, day + timedelta(days=1))}"


def before_window(source: Source, day: date) -> str:
    """Condition: it happened before the days that are looked back to."""
    return f"occurred_at < {_instant(source, day - timedelta(days=source.orders.lookback_days))}"


def _instant(source: Source, day: date) -> str:
    """The start of local day `day` as an SQL literal in UTC."""
    start = datetime.combine(day, time(0), tzinfo=source.zone).astimezone(UTC)
    return f"TIMESTAMPTZ '{start:%Y-%m-%d %H:%M:%S}+00'"
