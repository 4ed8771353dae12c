"""What a column and a table are, and short words to declare the usual columns with. No table is declared here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Kind(Enum):
    """The logical type of a column."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"
    RATE = "rate"
    DATE = "date"
    INSTANT = "instant"
    FLAG = "flag"
    REASONS = "reasons"
    LINE = "line"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, logical type, whether it may be NULL, and what it means.

    A file or table may lack an `optional` one, which then reads as NULL. `unit` is said where it is not its kind's.
    """

    name: str
    kind: Kind
    doc: str
    nullable: bool = False
    optional: bool = False
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what a row is (`grain`), what identifies it (`key`), and its columns in order."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[Column, ...]:
        """The columns that every file of it has, in order."""
        return tuple(column for column in self.columns if not column.optional)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


def text(name: str, doc: str) -> Column:
    """Text that is always there."""
    return Column(name, Kind.TEXT, doc)


def text_or_null(name: str, doc: str) -> Column:
    """Text that may be NULL."""
    return Column(name, Kind.TEXT, doc, nullable=True)


def optional(column: Column, unit: str | None = None) -> Column:
    """The column as one that may be lacking."""
    return replace(column, nullable=True, optional=True, unit=unit)


def money(name: str, doc: str) -> Column:
    """Exact money that is always there."""
    return Column(name, Kind.MONEY, doc)


def money_or_null(name: str, doc: str) -> Column:
    """Exact money that may be NULL."""
    return Column(name, Kind.MONEY, doc, nullable=True)


def count(name: str, doc: str) -> Column:
    """A whole number that is always there."""
    return Column(name, Kind.COUNT, doc)


def instant(name: str, doc: str) -> Column:
    """A moment that is always there."""
    return Column(name, Kind.INSTANT, doc)


def instant_or_null(name: str, doc: str) -> Column:
    """A moment that may be NULL."""
    return Column(name, Kind.INSTANT, doc, nullable=True)
