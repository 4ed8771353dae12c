"""The functions of schema `recon`, as DDL made from the registry: a mart as it was believed at a moment, and movements.

Their bodies are parsed when they are made (`BEGIN ATOMIC`), so that whoever calls them cannot point them at other
tables; the planner takes an as-of function for the query inside, so that conditions on it use the indexes.
"""

from __future__ import annotations

from pathlib import Path

from cuadre.marts.history import BELIEVED, KNOWN_FROM, SCHEMA, history_name
from cuadre.model.columns import MOVEMENT, RECON_BREAK, Column, Kind, Table

_VIEWS = Path(__file__).parent / "views"
_BELIEVED_THEN = "h.known_from <= {f}.moment AND (h.known_to IS NULL OR h.known_to > {f}.moment)"
_TYPES = {Kind.TEXT: "text", Kind.COUNT: "bigint", Kind.MONEY: "numeric"}


def as_of_name(mart: Table) -> str:
    """Name of the function that gives `mart` as it was believed at a moment, without the schema."""
    return f"{mart.name}_as_of"


def function_ddl() -> list[str]:
    """Every statement that makes the functions; tables and views are there already."""
    return [statement for mart in BELIEVED for statement in _as_of(mart)] + _movement()


def believed_sql(mart: Table, believed: str) -> str:
    """SELECT of the columns of `mart`'s view, of the rows for which `believed` holds, `h` being the history's rows.

    For breaks it is the state of each item on the latest settlement day among them.
    """
    names = ", ".join(f'h."{name}"' for name in (*mart.names, KNOWN_FROM.name))
    body = f"FROM {SCHEMA}.{history_name(mart)} AS h WHERE {believed}"
    if mart is RECON_BREAK:
        latest = "DISTINCT ON (h.source, h.item_id)"
        return f"SELECT {latest} {names} {body} ORDER BY h.source, h.item_id, h.settlement_date DESC"
    return f"SELECT {names} {body}"


def _as_of(mart: Table) -> list[str]:
    name = as_of_name(mart)
    body = believed_sql(mart, _BELIEVED_THEN.format(f=name))
    return [
        f"CREATE FUNCTION {SCHEMA}.{name}(moment timestamptz) RETURNS SETOF {SCHEMA}.{mart.name} "
        f"LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC {body}; END",
        f"COMMENT ON FUNCTION {SCHEMA}.{name} IS 'The view {mart.name} as it was believed at a moment.'",
    ]


def _movement() -> list[str]:
    columns = ", ".join(f"{column.name} {_type(column)}" for column in MOVEMENT.columns)
    body = (_VIEWS / "movement.sql").read_text(encoding="utf-8").strip()
    return [
        f"CREATE FUNCTION {SCHEMA}.movement(since timestamptz, until timestamptz) RETURNS TABLE ({columns}) "
        f"LANGUAGE sql STABLE BEGIN ATOMIC\n{body};\nEND",
        f"COMMENT ON FUNCTION {SCHEMA}.movement IS 'What became of open breaks between two moments; "
        f"a row is {MOVEMENT.grain}.'",
    ]


def _type(column: Column) -> str:
    return _TYPES[column.kind]
