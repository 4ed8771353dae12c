"""The journal: follow its chain, and name whatever was done to it."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cuadre.cli.arguments import Json
from cuadre.cli.show import Exit, err, grid, out, print_json, progress, stop
from cuadre.config.settings import STORE, settings
from cuadre.evidence import Examination, Witness, examine

app = typer.Typer(help="The journal of every step.", no_args_is_help=True)

MOST_SHOWN = 20

JournalFile = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The journal; the one of CUADRE_JOURNAL."),
]
ReceiptStore = Annotated[
    str | None,
    typer.Option("--store", metavar="DIR", help="The store whose receipts remember the journal; CUADRE_STORE."),
]


@app.command()
def verify(file: JournalFile = None, store: ReceiptStore = None, json: Json = False) -> None:
    """Follow the journal's chain and name every record that was edited, removed, moved, repeated or forked.

    That the newest records were cut off, only receipts know: without a store, nothing can be said of it. Exit code 3
    when anything is wrong.
    """
    path = file or settings().journal
    known = _witnesses(store or os.environ.get(STORE))
    with progress(f"verifying {path.name}", path.stat().st_size if path.exists() else 0) as reached:
        examination = examine(path, known, reached)
    if json:
        print_json({"journal": path, "receipts": len(known), **asdict(examination)})
    else:
        _show(path, examination)
    if examination.flaws:
        stop(Exit.REFUSED, f"The journal does not hold: {examination.flaws[0].sentence} Compare it with the backup.")
    heads = (
        f"Receipts that agree: {len(known):,}." if known else "No receipt says whether the newest records were cut off."
    )
    err.print(f"{examination.head.seq:,} records in one unbroken chain. {heads}", soft_wrap=True)


def _witnesses(store: str | None) -> list[Witness]:
    from cuadre.pipeline.receipts import open_offline, witnesses

    if store is None:
        return []
    with open_offline(store) as opened:
        return witnesses(opened)


def _show(path: Path, examination: Examination) -> None:
    if examination.unfinished:
        err.print("The last line is unfinished: a crash, and no record. The next one takes its place.")
    if not examination.flaws:
        out.print(f"{path}: record {examination.head.seq}, {examination.head.hash}", markup=False, soft_wrap=True)
        return
    table = grid(str(path), "record", "line", "was", "which means", numbers=("record", "line"))
    for flaw in examination.flaws[:MOST_SHOWN]:
        table.add_row(f"{flaw.seq:,}", f"{flaw.line:,}" if flaw.line else "-", flaw.kind.value, escape(flaw.sentence))
    out.print(table)
    if len(examination.flaws) > MOST_SHOWN:
        out.print(f"and {len(examination.flaws) - MOST_SHOWN:,} more: --json names them all.")
