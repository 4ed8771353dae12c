"""Results out of the engine: outcomes, a block made while the one before is written, and open items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from cuadre.matching.engine import DuckDbEngine
from cuadre.matching.rendering import render
from cuadre.matching.writing import ROW_GROUP_ROWS


def outcome_tables(db: DuckDbEngine, parameters: Mapping[str, str]) -> Iterator[pa.Table]:
    """All outcomes in the order of the file: lines by archive and number, then orders without a line by id."""
    statements = [render("outcomes", {**parameters, "block": block}) for block in _blocks(db)]
    with ThreadPoolExecutor(max_workers=1) as ahead:
        following = ahead.submit(db.table, statements[0])
        for statement in statements[1:]:
            table = following.result()
            following = ahead.submit(db.table, statement)
            yield table
        yield following.result()


def open_item_tables(db: DuckDbEngine, parameters: Mapping[str, str]) -> Iterator[pa.Table]:
    """All open items, by item id."""
    yield db.table(render("open_items", parameters))


def _blocks(db: DuckDbEngine) -> list[str]:
    """Conditions that cut the rows into blocks of at least a row group, in ascending order of line_key."""
    ranges = db.rows(render("line_blocks", {"block_rows": str(ROW_GROUP_ROWS)}))
    starts: list[int] = []
    rows = ROW_GROUP_ROWS
    for first_key, lines in ranges:
        if rows >= ROW_GROUP_ROWS:
            starts.append(first_key)
            rows = 0
        rows += lines
    ends = [f"i.line_key < {end}" for end in starts[1:]] + ["i.line_key IS NOT NULL"]
    blocks = [f"i.line_key >= {start} AND {end}" for start, end in zip(starts, ends, strict=False)]
    return [*blocks, "i.line_key IS NULL"]
