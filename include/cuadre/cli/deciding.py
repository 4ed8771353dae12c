"""Decisions about open items: deciding, and approving what somebody else decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cuadre.cli.arguments import Json, SourceFile, WarehouseVariable, warehouse_url
from cuadre.cli.show import err, out, print_json
from cuadre.model.codes import DecisionKind

_KINDS = [kind.name for kind in DecisionKind if kind is not DecisionKind.approve]


def _kind(text: str) -> DecisionKind:
    if text not in _KINDS:
        raise typer.BadParameter(f"say one of {', '.join(_KINDS)}")
    return DecisionKind[text]


Item = Annotated[str, typer.Argument(metavar="ITEM", help="The item id, as in recon.open_break.")]
Login = Annotated[str, typer.Option("--by", metavar="NAME", help="Login of whoever decides; no e-mail address.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(decide)
    app.command()(approve)


def decide(
    item: Item,
    source: SourceFile,
    kind: Annotated[DecisionKind, typer.Option("--kind", metavar="KIND", parser=_kind, help=", ".join(_KINDS) + ".")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in words; no personal data.")],
    by: Login,
    link: Annotated[
        str | None, typer.Option("--link", metavar="ORDER", help="For link: the order id, or an item id.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="NAME", help="For assign: the login of whoever looks after it.")
    ] = None,
    decision: Annotated[
        str | None, typer.Option("--decision", metavar="ID", help="For void: the decision undone.")
    ] = None,
    env: WarehouseVariable = "CUADRE_WAREHOUSE",
    json: Json = False,
) -> None:
    """Decide about an open item: accept, write off, link, assign, comment, or void an earlier decision.

    It stands through every re-run of the day until the item itself changes. Exit code 3 when it is refused: the item or
    the order is unknown, or it is closed, or linked with another one.
    """
    from cuadre.marts.decisions import Wish
    from cuadre.marts.decisions import decide as write_down

    wish = Wish(item, kind, reason, by, linked_to=link, assignee=to, refers_to=decision)
    _show(write_down(warehouse_url(env), source, wish, now=datetime.now(UTC)), json=json)


def approve(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="The id of the decision.")],
    by: Login,
    env: WarehouseVariable = "CUADRE_WAREHOUSE",
    json: Json = False,
) -> None:
    """Approve, as a second person, what somebody else decided.

    Exit code 3 when it is refused: it is the same person, it is void, it counts already, or the item has changed.
    """
    from cuadre.marts.decisions import approve as write_down

    _show(write_down(warehouse_url(env), decision, by, now=datetime.now(UTC)), json=json)


def _show(row: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(row)
        return
    out.print(row["decision_id"])
    if row["needs_second"]:
        err.print(f"It counts once somebody else says: cuadre approve {row['decision_id']} --by NAME", soft_wrap=True)
