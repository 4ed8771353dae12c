"""The hash that says whether a day's rows would be the same as those published: reads files, no warehouse."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb

from cuadre.marts.belief import VOLATILE
from cuadre.marts.fill import FILLED, models_text
from cuadre.model.columns import LINES, RECON_LINE, Table


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


def file_hash(path: Path) -> str:
    """SHA-256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _line_hash(duck: duckdb.DuckDBPyConnection) -> str:
    names = ", ".join(f'"{column.name}"' for column in LINES.required)
    row = f"hash({names})"
    return str(duck.execute(f"SELECT COUNT(*), BIT_XOR({row}), SUM({row})::VARCHAR FROM all_lines").fetchone())


def _set_hash(duck: duckdb.DuckDBPyConnection, mart: Table) -> str:
    """A hash of the set of rows, whatever their order: keys make rows distinct, so XOR of row hashes loses nothing."""
    texts = [f'CAST("{name}" AS VARCHAR)' for name in mart.names if name not in VOLATILE]
    row = " || ".join(f"COALESCE(LENGTH({text})::VARCHAR || ':' || {text}, '-')" for text in texts)
    return str(duck.execute(f"SELECT COUNT(*), BIT_XOR(md5_number({row}))::VARCHAR FROM {mart.name}").fetchone())
