"""Arguments that several commands share, and how their texts are read."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cuadre.cli.show import Exit, stop
from cuadre.config import Source, load_source

_YEARS = range(1970, 2200)
"""Further out, days beside the one given leave the calendar."""


def read_source(text: str) -> Source:
    """The source in the file at `text`."""
    return load_source(Path(text))


def a_day(text: str) -> date:
    """The day in `text`."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("give a date as 2026-03-31") from error
    if day.year not in _YEARS:
        raise typer.BadParameter(f"give a year from {_YEARS[0]} to {_YEARS[-1]}")
    return day


def moment(text: str) -> datetime:
    """The aware moment in `text`."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("give a moment as 2026-03-31T12:00:00Z") from error
    if read.year not in _YEARS:
        raise typer.BadParameter(f"give a year from {_YEARS[0]} to {_YEARS[-1]}")
    if read.tzinfo is None:
        raise typer.BadParameter("say which zone it is in: add Z or an offset such as -05:00")
    return read


def warehouse_url(variable: str) -> str:
    """The warehouse's URL, from the environment variable of that name."""
    url = os.environ.get(variable)
    if not url:
        stop(Exit.USAGE, f"Set {variable} to the warehouse's URL, such as postgresql://user:password@host/database.")
    return url


SourceFile = Annotated[Source, typer.Option("--source", parser=read_source, metavar="FILE", help="The source file.")]
Day = Annotated[date, typer.Option("--date", parser=a_day, metavar="DATE", help="Settlement date, such as 2026-03-31.")]
AsOf = Annotated[
    datetime, typer.Option("--as-of", parser=moment, metavar="T", help="Moment of judgement, ISO 8601 with its zone.")
]
MaybeAsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", parser=moment, metavar="T", help="Moment of judgement; noon UTC of the day after."),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", file_okay=False, writable=True, help="Folder to leave the results in.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output instead of tables.")]
WarehouseVariable = Annotated[
    str, typer.Option("--env", metavar="NAME", help="Environment variable with the warehouse's URL.")
]
KeyringDir = Annotated[
    Path, typer.Option("--keyring", metavar="DIR", exists=True, file_okay=False, help="The GnuPG home.")
]
