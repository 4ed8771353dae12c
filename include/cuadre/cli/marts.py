"""The warehouse's marts: make or update their schema, and what became of open breaks between two moments."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from cuadre.cli.arguments import Json, WarehouseVariable, moment, warehouse_url
from cuadre.cli.show import err, grid, money, out, print_json

if TYPE_CHECKING:
    from cuadre.marts.movement import Movement

app = typer.Typer(help="The warehouse's marts.", no_args_is_help=True)

_STEPS = ("start", "opened", "changed in", "closed", "changed out", "end")
_ENDS = (_STEPS[0], _STEPS[-1])


@app.command()
def migrate(env: WarehouseVariable = "CUADRE_WAREHOUSE") -> None:
    """Make or update schema `recon` in the warehouse whose URL is in an environment variable."""
    from cuadre.marts.migrate import migrate as migrate_schema

    migrate_schema(warehouse_url(env))
    err.print("Schema recon is up to date.")


@app.command()
def movement(
    since: Annotated[
        datetime, typer.Option("--from", parser=moment, metavar="T", help="The first moment, ISO 8601 with its zone.")
    ],
    until: Annotated[datetime, typer.Option("--to", parser=moment, metavar="T", help="The second moment.")],
    source: Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only this source, by name.")] = None,
    env: WarehouseVariable = "CUADRE_WAREHOUSE",
    json: Json = False,
) -> None:
    """What became of open breaks between two moments, by outcome and currency: count and money at risk.

    start + opened + changed in - closed - changed out = end. What a break was at a moment is what was believed then,
    whatever was published since.
    """
    from cuadre.marts.movement import movements

    found = movements(warehouse_url(env), since, until, source)
    if json:
        print_json({"from": since.isoformat(), "to": until.isoformat(), "rows": [asdict(row) for row in found]})
    else:
        _show(found, since, until)


def _show(found: list[Movement], since: datetime, until: datetime) -> None:
    for source in sorted({row.source for row in found}):
        title = f"{source}, {since.isoformat()} to {until.isoformat()}"
        table = grid(title, "outcome", "currency", "step", "breaks", "at risk", numbers=("breaks", "at risk"))
        for row in (each for each in found if each.source == source):
            steps = [(step, *_of(row, step)) for step in _STEPS]
            for step, count, amount in (each for each in steps if each[1] or each[0] in _ENDS):
                name = (row.outcome, row.currency) if step == _STEPS[0] else ("", "")
                table.add_row(*name, step, f"{count:,}", money(amount), end_section=step == _STEPS[-1])
        out.print(table)
    if not found:
        out.print("No break was open at either moment.")


def _of(row: Movement, step: str) -> tuple[int, Decimal]:
    name = step.replace(" ", "_")
    return getattr(row, f"{name}_count"), getattr(row, f"{name}_money")
