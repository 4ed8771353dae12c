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
    """SHA-256, lower-case hex, that is the same exactly when the rows of all marts are the same.

    `recon_line` is as long as the day and is not read for it: its rows follow from the outcomes, the lines and the
    models, so these stand for it. The order of rows and files does not matter.
    """
    parts: dict[str, str] = {
        "outcomes": outcome_hash,
        "models": models_text(),
        "lines": _set_hash(duck, LINES, "all_lines"),
    }
    for mart in FILLED:
        if mart is not RECON_LINE:
            parts[mart.name] = _set_hash(duck, mart, mart.name)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _set_hash(duck: duckdb.DuckDBPyConnection, table: Table, relation: str) -> str:
    """A hash of the set of rows, whatever their order: keys make rows distinct, so XOR of row hashes loses nothing."""
    values = [f"COALESCE(LENGTH({c})::VARCHAR || ':' || {c}, '-')" for c in _texts(table)]
    row = " || ".join(values)
    found = duck.execute(f"SELECT COUNT(*), BIT_XOR(md5_number({row}))::VARCHAR FROM {relation}").fetchone()
    return str(found)


def _texts(table: Table) -> list[str]:
    return [f'CAST("{name}" AS VARCHAR)' for name in table.names if name not in VOLATILE]
