"""The rows of a day's marts: DuckDB runs the SQL models in `sql/` over the day's files. Writes to no warehouse.

The models are plain SELECTs, one mart each, over what is prepared here: `lines` (the day's), `all_lines` (carried ones
too), `priced` (payments with the contract's fee and tax), `judged` (outcomes with their measures), `breaks` (the breaks
among them), `opened` and `left_open` (open items before and after), `batches` (sums of the day's), `bank_matches`,
`admissions`, `checks`, `suggested`, `broken` and `present` (see `alike.py`), and the one-row `day`; the type `archive`
numbers the archives of `all_lines`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cuadre.config.fees import fee_sql, tax_sql
from cuadre.config.source import Source
from cuadre.marts.alike import count_alike
from cuadre.marts.day import AdmissionRow, DayFiles
from cuadre.model.arrow import arrow_schema
from cuadre.model.codes import BREAKS, CLEARED, NEUTRAL, Outcome
from cuadre.model.columns import (
    ARCHIVE_ADMISSION,
    BANK_MATCHES,
    BREAK_CAUSE,
    CHECK_RESULT,
    INCIDENT,
    LINES,
    MARTS,
    OPEN_ITEMS,
    ORDERS,
    OUTCOMES,
    RECON_LINE,
    RUN_RECEIPT,
    SUGGESTIONS,
    Table,
)
from cuadre.model.literals import literals
from cuadre.model.measures import at_risk_sql, batches_sql
from cuadre.model.parquet import parquet_sql
from cuadre.model.records import CheckReport

FILLED = tuple(mart for mart in MARTS if mart not in (INCIDENT, RUN_RECEIPT))
"""Marts a day fills, in the order they are published."""

_MODELS = Path(__file__).parent / "sql"
_MEMORY = "1500MB"
"""Holds the lines of a day of five million; more spill."""


@contextmanager
def filled(day: DayFiles, source: Source, now: datetime) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with the view `recon_line`, and with all that `fill` needs to make the others of `FILLED`.

    They are named like the mart, columns as registered. `recon_line` is evaluated as it is read, since it is as long as
    the day. Memory is bounded: what does not fit spills into a private folder, gone with the connection.
    """
    with tempfile.TemporaryDirectory(prefix="cuadre-") as folder, _duckdb(folder) as duck:
        _offer_files(duck, day)
        _offer_records(duck, day, source, now)
        _offer_measures(duck, source)
        duck.execute(f"CREATE VIEW {RECON_LINE.name} AS {_model(RECON_LINE)}")
        yield duck


def fill(duck: duckdb.DuckDBPyConnection, source: Source, marts: Sequence[Table] = FILLED) -> None:
    """Make the tables of `marts`: all but `recon_line`, which may be read meanwhile through another cursor."""
    duck.execute("CREATE TABLE breaks AS FROM judged WHERE is_break")
    duck.execute(f"CREATE TABLE batches AS {batches_sql('lines')}")
    if BREAK_CAUSE in marts:
        count_alike(duck, source)
    for mart in marts:
        if mart is not RECON_LINE:
            duck.execute(f"CREATE TABLE {mart.name} AS {_model(mart)}")


@contextmanager
def recorded(
    source: Source, day: Any, admissions: tuple[AdmissionRow, ...], check: CheckReport | None, checked_at: datetime
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with `archive_admission` and `check_result` only, for a day that was refused."""
    with tempfile.TemporaryDirectory(prefix="cuadre-") as folder, _duckdb(folder) as duck:
        offer(duck, ARCHIVE_ADMISSION.name, ARCHIVE_ADMISSION, _admissions(source, day, admissions))
        offer(duck, CHECK_RESULT.name, CHECK_RESULT, _checks(source, day, check, checked_at))
        yield duck


def _duckdb(folder: str) -> duckdb.DuckDBPyConnection:
    """Settings are of the database, not of one connection: the rows are copied out by a second one.

    One thread for each connection keeps up with the warehouse, and takes a fifth less memory than two.
    """
    duck = duckdb.connect(
        config={"memory_limit": _MEMORY, "temp_directory": folder, "preserve_insertion_order": "false", "threads": 1}
    )
    duck.execute("SET GLOBAL TimeZone = 'UTC'")
    return duck


def models_text() -> str:
    """The text of all models: part of what decides on a day's rows."""
    return "\n".join(_model(mart) for mart in FILLED)


def _model(mart: Table) -> str:
    return (_MODELS / f"{mart.name}.sql").read_text(encoding="utf-8")


def _offer_files(duck: duckdb.DuckDBPyConnection, day: DayFiles) -> None:
    _view(duck, "lines", LINES, day.lines)
    _view(duck, "outcomes", OUTCOMES, [day.outcomes])
    _view(duck, "opened", OPEN_ITEMS, [day.open_items_before] if day.open_items_before else [])
    _view(duck, "left_open", OPEN_ITEMS, [day.open_items] if day.open_items else [])
    _view(duck, "orders", ORDERS, [day.orders] if day.orders else [])
    _view(duck, "suggestions", SUGGESTIONS, [day.suggestions] if day.suggestions else [])
    _view(duck, "bank_matches", BANK_MATCHES, [day.bank_matches] if day.bank_matches else [])
    names = ", ".join(column.name for column in LINES.required)
    carried = ", ".join(f"line.{column.name} AS {column.name}" for column in LINES.required)
    duck.execute(
        f"CREATE VIEW all_lines AS SELECT {names} FROM lines UNION ALL "
        f"SELECT {names} FROM (SELECT {carried} FROM opened WHERE line IS NOT NULL) AS c WHERE NOT EXISTS "
        "(FROM lines AS l WHERE l.archive_id = c.archive_id AND l.line_no = c.line_no)"
    )
    duck.execute("CREATE TYPE archive AS ENUM (SELECT DISTINCT archive_id FROM all_lines)")


def _offer_records(duck: duckdb.DuckDBPyConnection, day: DayFiles, source: Source, now: datetime) -> None:
    duck.execute(
        "CREATE TABLE day AS SELECT $source AS source, CAST($day AS DATE) AS settlement_date, "
        "$all AS publishes_all, CAST($currencies AS VARCHAR[]) AS currencies",
        {
            "source": source.source,
            "day": day.settlement_date,
            "all": source.publish == "all",
            "currencies": list(source.currencies),
        },
    )
    offer(duck, "admissions", ARCHIVE_ADMISSION, _admissions(source, day.settlement_date, day.admissions))
    offer(duck, "checks", CHECK_RESULT, _checks(source, day.settlement_date, day.check, day.checked_at or now))


def _offer_measures(duck: duckdb.DuckDBPyConnection, source: Source) -> None:
    duck.execute(
        f"CREATE VIEW priced AS SELECT *, {fee_sql(source.fees)} AS fee_contract, "
        f"{tax_sql(source.fees, 'fee')} AS tax_contract FROM lines WHERE line_type = 'PAYMENT'"
    )
    duck.execute(
        f"CREATE VIEW judged AS SELECT *, CAST(COALESCE({at_risk_sql()}, 0) AS DECIMAL(18,6)) AS at_risk, "
        f"outcome IN ({_codes(BREAKS)}) AS is_break, "
        f"outcome IN ({_codes(CLEARED)}) AS is_cleared, outcome NOT IN ({_codes(NEUTRAL)}) AS is_matchable, "
        f"{_reasons('reasons')} AS reasons_json FROM outcomes"
    )
    duck.execute(f"CREATE VIEW suggested AS SELECT * REPLACE ({_reasons('reasons')} AS reasons) FROM suggestions")
    duck.execute(
        f"CREATE VIEW opened_breaks AS SELECT *, {_reasons('reasons')} AS reasons_json "
        f"FROM opened WHERE outcome IN ({_codes(BREAKS)})"
    )


def _admissions(source: Source, day: Any, rows: tuple[AdmissionRow, ...]) -> list[dict[str, Any]]:
    return [
        {
            "source": source.source,
            "settlement_date": day,
            "archive_id": row.admission.archive_id,
            "file_name": row.file_name,
            "verdict": row.admission.verdict.value,
            "reason": row.admission.reason,
            "detail": row.admission.detail,
            "bytes": row.admission.bytes,
            "shape": row.admission.shape,
            "signer": row.admission.signer,
            "signed_at": row.admission.signed_at,
            "lines": row.admission.lines,
            "seen_at": row.seen_at,
        }
        for row in {row.admission.archive_id: row for row in rows}.values()  # the same bytes twice are one archive
    ]


def _checks(source: Source, day: Any, check: CheckReport | None, checked_at: datetime) -> list[dict[str, Any]]:
    return [
        {
            "source": source.source,
            "settlement_date": day,
            "check_name": result.check_name,
            "severity": result.severity.value,
            "success": result.success,
            "rows": result.rows,
            "unexpected": result.unexpected,
            "doc": result.doc,
            "checked_at": checked_at,
        }
        for result in (check.results if check else ())
    ]


def offer(duck: duckdb.DuckDBPyConnection, name: str, table: Table, rows: list[dict[str, Any]]) -> None:
    """Make `rows` a table called `name`, with the columns of `table`."""
    duck.register("offered", pa.Table.from_batches([], arrow_schema(table)))
    duck.execute(f"CREATE TABLE {name} AS FROM offered")
    duck.unregister("offered")
    if rows:
        values = ", ".join(f"${column}" for column in table.names)
        duck.executemany(f"INSERT INTO {name} VALUES ({values})", rows)


def _view(duck: duckdb.DuckDBPyConnection, name: str, table: Table, files: Sequence[Path]) -> None:
    if files:
        duck.execute(f"CREATE VIEW {name} AS FROM {parquet_sql(files)}")
    else:
        offer(duck, name, table, [])


def _codes(outcomes: tuple[Outcome, ...]) -> str:
    return literals(outcome.name for outcome in outcomes)


def _reasons(column: str) -> str:
    """Reasons as JSON text; the delta as text too, for a JSON number may be read as a float."""
    keep = ", ".join(f"'{name}': r.{name}" for name in ("code", "field", "expected", "got"))
    struct = f"{{{keep}, 'delta': CAST(r.delta AS VARCHAR)}}"
    text = f"CAST(to_json(list_transform({column}, lambda r: {struct})) AS VARCHAR)"
    return f"CASE WHEN LEN({column}) = 0 THEN '[]' ELSE {text} END"  # most rows have none: half a second in a million
