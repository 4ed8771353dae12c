"""`cuadre explain`: the whole life of what a reference names, in one screen or as JSON."""

from __future__ import annotations

import os
from datetime import date
from typing import Annotated

import typer

from cuadre.cli.arguments import Json, WarehouseVariable, a_day
from cuadre.cli.places import AnySource, AnyStore, the_source, workplace_at
from cuadre.cli.show import print_json, progress

Reference = Annotated[
    str,
    typer.Argument(
        metavar="REFERENCE", help="Order id, CIP, operation, item id, batch, or a bank credit's id or reference."
    ),
]
First = Annotated[
    date | None, typer.Option("--from", parser=a_day, metavar="DATE", help="The first settlement date to search.")
]
Last = Annotated[
    date | None, typer.Option("--to", parser=a_day, metavar="DATE", help="The last settlement date to search.")
]


def explain(
    reference: Reference,
    source: AnySource = None,
    store: AnyStore = None,
    first: First = None,
    last: Last = None,
    env: WarehouseVariable = "CUADRE_WAREHOUSE",
    json: Json = False,
) -> None:
    """Show all that is known of a reference, from archive, line and signer to outcomes, reasons and bank credit.

    It is looked up in the store, offline; what only the warehouse knows, such as decisions, is added when its URL is in
    the environment and it answers. What several items share is shown for each of them. Exit code 3 when nothing has
    that name.
    """
    from cuadre.cli.picture import draw
    from cuadre.model.errors import ConfigurationError
    from cuadre.model.records import to_json
    from cuadre.pipeline.explain import explain as explain_reference

    if any("\ud800" <= character <= "\udfff" for character in reference):
        raise ConfigurationError("The reference is not text: its bytes are not UTF-8.")
    if not reference.strip():
        raise ConfigurationError("The reference is blank: name an order, a CIP, a batch or a bank credit.")
    with progress("searching"):
        found = explain_reference(
            workplace_at(store),
            the_source(source),
            reference.strip(),
            first=first,
            last=last,
            warehouse=os.environ.get(env) or None,
        )
    if json:
        print_json(to_json(found))
    else:
        draw(found)
