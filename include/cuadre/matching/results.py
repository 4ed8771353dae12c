"""Results out of the engine: outcomes, open items and suggestions as Parquet, and sums."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cuadre.matching.engine import Engine
from cuadre.matching.rendering import render
from cuadre.matching.suggesting import suggestion_parameters
from cuadre.matching.types import typed
from cuadre.model.columns import OPEN_ITEMS, OUTCOMES, SUGGESTIONS
from cuadre.model.literals import literals
from cuadre.model.measures import at_risk_sql, money_sql
from cuadre.model.records import OutcomeTotal


def write_outcomes(db: Engine, parameters: Mapping[str, str], path: Path) -> int:
    """Write all outcomes: lines by archive and number, then orders without a line by id; returns how many."""
    archives = literals(row[0] for row in db.rows("SELECT archive_id FROM archives ORDER BY archive_no"))
    sql = render("outcomes", {**parameters, "archive_ids": f"CAST([{archives}] AS VARCHAR[])"})
    return db.write(typed(OUTCOMES, f"({sql}) AS outcomes"), path)


def write_open_items(db: Engine, parameters: Mapping[str, str], path: Path) -> int:
    """Write all open items, by item id; returns how many."""
    return db.write(typed(OPEN_ITEMS, f"({render('open_items', parameters)}) AS open_items"), path)


def write_suggestions(db: Engine, parameters: Mapping[str, str], path: Path) -> int:
    """Write what open lines may mean, by item id and choice; returns how many suggestions there are."""
    sql = render("suggestions", {**parameters, **suggestion_parameters()})
    return db.write(typed(SUGGESTIONS, f"({sql}) AS suggestions"), path)


def totals(db: Engine) -> tuple[OutcomeTotal, ...]:
    """Rows and money by outcome and currency."""
    rows = db.rows(render("totals", {"money": money_sql(), "at_risk": at_risk_sql()}))
    return tuple(OutcomeTotal(*row) for row in rows)
