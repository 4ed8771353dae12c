"""Receipts of published days: check every link, and show what one says. No warehouse and no network are needed."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.text import Text

from cuadre.cli.arguments import Json
from cuadre.cli.show import Exit, err, grid, money, out, print_json, progress, stop
from cuadre.config.settings import JOURNAL, STORE, operator
from cuadre.evidence import Link, LinkState, Receipt, read_receipt

app = typer.Typer(help="Receipts of published days.", no_args_is_help=True)

ReceiptFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The receipt.")]
StorePlace = Annotated[
    str | None,
    typer.Option("--store", metavar="DIR", help="The store; the one FILE lies in, or else CUADRE_STORE."),
]
OperatorRing = Annotated[
    Path | None,
    typer.Option(
        "--keyring",
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="GnuPG home with the operator's public key; CUADRE_OPERATOR_KEYRING.",
    ),
]
Signers = Annotated[
    list[str] | None,
    typer.Option("--signer", metavar="FPR", help="The operator's fingerprint; CUADRE_OPERATOR_KEY, or the whole ring."),
]
JournalFile = Annotated[
    Path | None,
    typer.Option("--journal", metavar="FILE", help="The journal; CUADRE_JOURNAL, or the one in the store."),
]


@app.command()
def verify(
    file: ReceiptFile,
    store: StorePlace = None,
    keyring: OperatorRing = None,
    signer: Signers = None,
    journal: JournalFile = None,
    unsigned_ok: Annotated[
        bool, typer.Option("--unsigned-ok", help="Accept a receipt whose signature is missing or cannot be checked.")
    ] = False,
    json: Json = False,
) -> None:
    """Check a receipt link by link: signature, archives, lines, snapshots, outcomes, sums, marts, journal.

    Exit code 3 when a link is broken or missing; the first one is named, and what it means.
    """
    from cuadre.pipeline.receipts import check_receipt, open_offline

    place, ours = store or _store_of(file), operator()
    if keyring is None and ours is not None:
        keyring, signer = ours.keyring, signer or [ours.key]
    with progress("verifying"), open_offline(place) as opened:
        links = check_receipt(
            file,
            store=opened,
            journal=journal or Path(os.environ.get(JOURNAL) or Path(place) / "journal.jsonl"),
            keyring=keyring,
            signers=[each.replace(" ", "").upper() for each in signer or ()],
            now=datetime.now(UTC),
        )
    wrong = [link for link in links if not _accepted(link, unsigned_ok=unsigned_ok)]
    if json:
        print_json({"receipt": file, "holds": not wrong, "links": [asdict(link) for link in links]})
    else:
        _show_links(file, links)
    if wrong:
        stop(Exit.REFUSED, f"The receipt does not hold, {wrong[0].name} {wrong[0].state.value}: {wrong[0].sentence}")
    err.print("Every link holds." if links[0].state is LinkState.OK else "Every link but the signature holds.")


@app.command()
def show(file: ReceiptFile) -> None:
    """Show what a receipt says; nothing is checked."""
    _show_receipt(read_receipt(file.read_bytes()))


def _store_of(file: Path) -> str:
    """The store that `file` lies in as a receipt does, or the one of the settings, or the current folder."""
    parents = file.resolve().parents
    if len(parents) > 4 and parents[0].name == "receipts" and parents[3].name == "lake":
        return str(parents[4])
    return os.environ.get(STORE) or "."


def _accepted(link: Link, *, unsigned_ok: bool) -> bool:
    if unsigned_ok and link.name == "signature":
        return link.state is not LinkState.BROKEN
    return link.state is LinkState.OK


def _show_links(file: Path, links: tuple[Link, ...]) -> None:
    table = grid(file.name, "link", "state", "which means")
    styles = {LinkState.OK: "green", LinkState.BROKEN: "red", LinkState.MISSING: "yellow"}
    for link in links:
        table.add_row(link.name, Text(link.state.value, styles[link.state]), escape(link.sentence))
    out.print(table)


def _show_receipt(receipt: Receipt) -> None:
    table = grid(f"{receipt.source}, {receipt.settlement_date}", "what", "value")
    for name, value in (
        ("published at", receipt.published_at.isoformat()),
        ("judged as of", receipt.as_of.isoformat()),
        ("profile", receipt.profile),
        ("version", receipt.made.version),
        ("code", receipt.made.code),
        ("rules", receipt.made.rules),
        *(("archive", f"{each.name}, {each.lines:,} lines, signed by {each.signer}") for each in receipt.archives),
        ("order snapshot", receipt.snapshots["orders"].sha256),
        ("outcomes", receipt.results["outcomes"].sha256),
        ("marts", receipt.mart_hash),
        ("journal", f"record {receipt.journal.seq}, {receipt.journal.hash}"),
    ):
        table.add_row(name, escape(value))
    out.print(table)
    numbers = ("lines", "gross", "fee", "tax", "net")
    sums = grid("Lines", "currency", *numbers, numbers=numbers)
    for currency, total in sorted(receipt.totals.items()):
        sums.add_row(currency, f"{total.count:,}", *map(money, (total.gross, total.fee, total.tax, total.net)))
    out.print(sums)
