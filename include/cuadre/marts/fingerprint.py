"""The hashes that say whether a day's rows would be the same as those published: they read files, no warehouse."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from cuadre.marts.belief import VOLATILE, Sums
from cuadre.marts.day import AdmissionRow, DayFiles
from cuadre.marts.fill import FILLED, models_text
from cuadre.model.columns import LINES, RECON_LINE, Table
from cuadre.model.digests import sha256_of
from cuadre.model.records import CheckReport


def mart_hash(duck: duckdb.DuckDBPyConnection, outcome_hash: str) -> str:
    """SHA-256, lower-case hex, that differs when the rows of any mart differ; the order of rows and files is nothing.

    `recon_line` is as long as the day and is not read for it: its rows follow from the outcomes, the lines and the
    models, so these stand for it. The lines go in by DuckDB's own hash, a tenth of the price of MD5: another version
    of DuckDB may give another hash, and then a re-run compares row by row instead of knowing at once.
    """
    parts: dict[str, str] = {
        "outcomes": outcome_hash,
        "models": models_text(),
        "lines": _line_hash(duck),
    }
    for mart in FILLED:
        if mart is not RECON_LINE:
            parts[mart.name] = _set_hash(duck, mart)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def input_hash(day: DayFiles, made: str) -> str:
    """SHA-256, lower-case hex, over all that the day's rows are made from, before any row is made.

    The order of files and archives is nothing, nor is when something was seen or checked. `made` says by what code and
    rules they are made: the same input gives other rows with other ones.
    """
    values = {field.name: getattr(day, field.name) for field in fields(day) if field.name not in VOLATILE}
    parts = {name: _content(value) for name, value in values.items()} | {"made": made}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def seal(inputs: str, held: dict[str, Sums]) -> str:
    """SHA-256, lower-case hex, over the input hash and the sums read back from the warehouse, by mart."""
    sums = sorted((mart, sorted(of_mart.items())) for mart, of_mart in held.items())
    return hashlib.sha256(f"{inputs}\n{sums}".encode()).hexdigest()


def _content(value: Any) -> Any:
    if isinstance(value, Path):
        return sha256_of(value)
    if isinstance(value, AdmissionRow):
        return [value.admission.archive_id, repr(value.admission), value.file_name]
    if isinstance(value, CheckReport):
        return repr(value.results)  # where its page was written is nothing
    if isinstance(value, tuple):
        return sorted(map(_content, value))
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _line_hash(duck: duckdb.DuckDBPyConnection) -> str:
    names = ", ".join(f'"{column.name}"' for column in LINES.required)
    row = f"hash({names})"
    return str(duck.execute(f"SELECT COUNT(*), BIT_XOR({row}), SUM({row})::VARCHAR FROM all_lines").fetchone())


def _set_hash(duck: duckdb.DuckDBPyConnection, mart: Table) -> str:
    """A hash of the set of rows, whatever their order: keys make rows distinct, so XOR of row hashes loses nothing."""
    texts = [f'CAST("{name}" AS VARCHAR)' for name in mart.names if name not in VOLATILE]
    row = " || ".join(f"COALESCE(LENGTH({text})::VARCHAR || ':' || {text}, '-')" for text in texts)
    return str(duck.execute(f"SELECT COUNT(*), BIT_XOR(md5_number({row}))::VARCHAR FROM {mart.name}").fetchone())
