"""`cuadre replay`: what other rules would have made of past days."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cuadre.cli.arguments import Json, a_day
from cuadre.cli.places import AnySource, AnyStore, passphrase_of, the_source, workplace_at
from cuadre.cli.show import err, grid, money, out, print_json, progress, visible
from cuadre.config.secrets import folder_of

if TYPE_CHECKING:
    from cuadre.pipeline.flips import Difference, Judgement
    from cuadre.pipeline.replay import Replay

MOST_SHOWN = 20

First = Annotated[date, typer.Option("--from", parser=a_day, metavar="DATE", help="The first settlement date.")]
Last = Annotated[date, typer.Option("--to", parser=a_day, metavar="DATE", help="The last settlement date, included.")]
FromArchives = Annotated[
    bool, typer.Option("--from-archives", help="Open the stored archives again, instead of taking the admitted lines.")
]
Keyring = Annotated[
    Path | None,
    typer.Option(
        "--keyring", metavar="DIR", exists=True, file_okay=False, help="For --from-archives; the one the source names."
    ),
]


def replay(
    first: First,
    last: Last,
    source: AnySource = None,
    store: AnyStore = None,
    from_archives: FromArchives = False,
    keyring: Keyring = None,
    json: Json = False,
) -> None:
    """Recompute past days under the rules of a source file, and show every outcome that flips, with its money.

    Nothing is published: lines and snapshots are those kept in the store, the results go to a private folder that is
    removed, and no warehouse is asked. Days are judged in order, each on what the one before leaves open under these
    rules. Under the rules the days were judged by, nothing flips. Exit code 3 when no such day was reconciled, or when
    an archive that is opened again is refused.
    """
    from cuadre.pipeline.replay import Reopening, days_to_replay
    from cuadre.pipeline.replay import replay as replay_days

    rules, work = the_source(source), workplace_at(store)
    reopening = None
    if from_archives:
        reopening = Reopening(keyring or folder_of(rules.trust.keyring), passphrase_of(rules))
    days = len(days_to_replay(work, rules, first, last))
    with progress(f"replaying {days:,} day{'s' if days > 1 else ''}", days) as reached:
        found = replay_days(work, rules, first, last, reopening=reopening, reached=reached)
    if json:
        print_json(asdict(found))
    else:
        _show(found)
    err.print(f"{found.rows:,} outcomes compared, {len(found.flips):,} flips. Nothing was published.")


def _show(found: Replay) -> None:
    title = f"{found.source}, {found.days[0]} to {found.days[-1]}"
    if not found.flips and not found.changed:
        out.print(f"{title}: no outcome flips.")
        return
    numbers = ("items", "money", "at risk was", "at risk now")
    table = grid(title, "flip", *numbers, "currency", numbers=numbers)
    for total in found.totals:
        amounts = map(money, (total.money, total.at_risk_was, total.at_risk_now))
        table.add_row(_arrow(total.was, total.now), f"{total.count:,}", *amounts, total.currency)
    if found.totals:
        out.print(table)
    _show_each("Flips", found.flips)
    _show_each("The same outcome, said otherwise", found.changed)


def _show_each(title: str, found: tuple[Difference, ...]) -> None:
    if not found:
        return
    table = grid(title, "day", "item", "flip and reasons", "money", numbers=("money",))
    for each in found[:MOST_SHOWN]:
        said = [_arrow(*each.outcomes), *(f"  - {code}" for code in _codes(each.was))]
        said += [f"  + {code}" for code in _codes(each.now)]
        amount = f"{money(each.money)} {each.currency}"
        table.add_row(str(each.settlement_date), escape(visible(each.item_id)), "\n".join(said), amount)
    out.print(table)
    if len(found) > MOST_SHOWN:
        out.print(f"and {len(found) - MOST_SHOWN:,} more: --json names them all.")


def _arrow(was: str | None, now: str | None) -> str:
    """Without a row before or now: a line has taken the order up, or it was closed on an earlier day."""
    return f"{was or '(no row)'}\n→ {now or '(no row)'}"


def _codes(judgement: Judgement | None) -> list[str]:
    return [reason.code for reason in judgement.reasons] if judgement else []
