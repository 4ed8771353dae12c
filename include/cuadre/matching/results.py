"""Results out of the engine: outcomes, a block made while the one before is written, and open items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from cuadre.matching.engine import DuckDbEngine
from cuadre.matching.rendering import render
from cuadre.matching.writing import ROW_GROUP_ROWS
from cuadre.model.measures import at_risk_sql, money_sql
from cuadre.model.records import OutcomeTotal


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


def totals(db: DuckDbEngine) -> tuple[OutcomeTotal, ...]:
    """Rows and money by outcome and currency."""
    rows = db.rows(render("totals", {"money": money_sql(), "at_risk": at_risk_sql()}))
    return tuple(OutcomeTotal(*row) for row in rows)


def _blocks(db: DuckDbEngine) -> list[str]:
    """Conditions that cut the rows into blocks of about a row group, in ascending order of line_key.

    An archive of many lines is cut by line number, and small ones are taken together.
    """
    starts: list[int] = []
    room = 0
    for archive_no, last_line in db.rows("SELECT archive_no, last_line FROM archives ORDER BY archive_no"):
        if last_line > room:
            starts.extend((archive_no << 40) + first for first in range(0, last_line + 1, ROW_GROUP_ROWS))
            room = ROW_GROUP_ROWS - last_line % ROW_GROUP_ROWS
        else:
            room -= last_line
    ends = [f"i.line_key < {end}" for end in starts[1:]] + ["i.line_key IS NOT NULL"]
    blocks = [f"i.line_key >= {start} AND {end}" for start, end in zip(starts, ends, strict=False)]
    return [*blocks, "i.line_key IS NULL"]
