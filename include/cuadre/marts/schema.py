"""The schema `recon` as SQLAlchemy metadata, made from the column registry: tables, views, comments.

A mart is a table `recon.<mart>_history`, in which rows are believed from `known_from` until `known_to`, and a view
`recon.<mart>`, which shows today's belief. `incident`, `decision` and `reopening` are tables only. The migrations build
this in the database; a test holds the two together. `python -m cuadre.marts.schema` prints the DDL for a migration.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, MetaData, Numeric, Table, Text, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, SetColumnComment, SetTableComment
from sqlalchemy.types import TypeEngine

from cuadre.marts.deciding import VIEWS, guard_ddl, select_sql
from cuadre.marts.functions import believed_sql, function_ddl
from cuadre.marts.history import BELIEVED, KNOWN_FROM, KNOWN_TO, SCHEMA, history_name
from cuadre.model import columns as registry
from cuadre.model.columns import DECISION, MARTS, RECON_LINE, REOPENING, Kind
from cuadre.model.literals import literal

_REFERENCES = ("order_id", "psp_reference", "merchant_reference", "operation_reference")
"""What a payment is looked up by in `recon_line`."""

_SOON = {"autovacuum_vacuum_insert_scale_factor": 0, "autovacuum_vacuum_insert_threshold": 100_000}
"""Storage parameters of `recon_line_history`: autovacuum comes after each day, not when a fifth more has come in."""

_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.TEXT: Text(),
    Kind.COUNT: BigInteger(),
    Kind.MONEY: Numeric(24, 6),
    Kind.RATE: Numeric(9, 6),
    Kind.DATE: Date(),
    Kind.INSTANT: DateTime(timezone=True),
    Kind.FLAG: Boolean(),
    Kind.REASONS: postgresql.JSONB(),
}


def metadata() -> MetaData:
    """All physical tables of schema `recon`."""
    tables = MetaData(schema=SCHEMA)
    for mart in (*MARTS, DECISION, REOPENING):
        _physical(mart, tables)
    return tables


def view_sql(mart: registry.Table) -> str:
    """The SELECT behind the view of `mart`: today's belief, and for breaks the latest day's state of each item."""
    return believed_sql(mart, "h.known_to IS NULL")


def ddl() -> list[str]:
    """Every statement that builds the schema in an empty database, the role excepted."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    statements = []
    for table in metadata().sorted_tables:
        commented = [column for column in table.columns if column.comment]
        statements.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in sorted(table.indexes, key=str)]
        statements.append(str(SetTableComment(table).compile(dialect=dialect)))
        statements += [str(SetColumnComment(column).compile(dialect=dialect)) for column in commented]
    for mart in BELIEVED:
        statements += _view_ddl(mart, (*mart.columns, KNOWN_FROM), view_sql(mart))
    for view in VIEWS:
        statements += _view_ddl(view, view.columns, select_sql(view))
    return statements + function_ddl() + guard_ddl()


def _physical(mart: registry.Table, tables: MetaData) -> Table:
    if mart not in BELIEVED:
        table = Table(mart.name, tables, *map(_column, mart.columns), comment=_sentence(mart.grain))
        Index(f"{mart.name}_key", *(table.c[name] for name in mart.key), unique=True)
        return table
    columns = [_column(column) for column in (*mart.columns, KNOWN_FROM, KNOWN_TO)]
    comment = f"{_sentence(mart.grain)} All beliefs, past ones too; the view {mart.name} shows today's."
    if mart is RECON_LINE:
        table = Table(history_name(mart), tables, *columns, comment=comment, postgresql_with=_SOON)
        _summarize(table)
    else:
        table = Table(history_name(mart), tables, *columns, comment=comment)
        today = text("known_to IS NULL")
        Index(f"{mart.name}_key", *(table.c[name] for name in mart.key), unique=True, postgresql_where=today)
    return table


def _summarize(table: Table) -> None:
    """Indexes that cost a COPY next to nothing: summaries of blocks, which autovacuum makes soon after a day came in.

    A tree over every line would nearly double the time of the COPY, one over a single reference add a third to it.
    The days stand together; a reference may be anywhere, so a Bloom filter says of 64 KB which do not hold it.
    """
    Index(
        "recon_line_day",
        table.c.source,
        table.c.settlement_date,
        postgresql_using="brin",
        postgresql_ops={"settlement_date": "date_minmax_multi_ops"},
    )
    Index(
        "recon_line_reference",
        *(table.c[name] for name in _REFERENCES),
        postgresql_using="brin",
        postgresql_ops=dict.fromkeys(_REFERENCES, "text_bloom_ops"),
        postgresql_with={"pages_per_range": 8},
    )


def _column(column: registry.Column) -> Column[Any]:
    return Column(column.name, _TYPES[column.kind], nullable=column.nullable, comment=column.doc)


def _view_ddl(mart: registry.Table, columns: tuple[registry.Column, ...], select: str) -> list[str]:
    view = f"{SCHEMA}.{mart.name}"
    statements = [
        f"CREATE VIEW {view} AS {select}",
        f"COMMENT ON VIEW {view} IS {literal(_sentence(mart.grain) + ' As believed today.')}",
    ]
    for column in columns:
        statements.append(f'COMMENT ON COLUMN {view}."{column.name}" IS {literal(column.doc)}')
    return statements


def _sentence(grain: str) -> str:
    return f"A row is {grain}."


if __name__ == "__main__":
    print("\n".join(f"{statement};" for statement in ddl()))  # noqa: T201  its purpose
