"""The warehouse's marts: make or update their schema."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cuadre.cli.show import Exit, err, stop

app = typer.Typer(help="The warehouse's marts.", no_args_is_help=True)

Variable = Annotated[str, typer.Option("--env", metavar="NAME", help="Environment variable with the database URL.")]


@app.command()
def migrate(env: Variable = "CUADRE_WAREHOUSE") -> None:
    """Make or update schema `recon` in the warehouse whose URL is in an environment variable."""
    from cuadre.marts.migrate import migrate as migrate_schema

    url = os.environ.get(env)
    if not url:
        stop(Exit.USAGE, f"Set {env} to the warehouse's URL, such as postgresql://user:password@host/database.")
    migrate_schema(url)
    err.print("Schema recon is up to date.")
