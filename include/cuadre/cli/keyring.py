"""The key ring of a source: look at it, bring a key in, see what ends soon."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cuadre.cli.arguments import Json, KeyringDir, SourceFile
from cuadre.cli.show import Exit, err, grid, out, print_json, stop

app = typer.Typer(help="The key ring of a source.", no_args_is_help=True)

Home = Annotated[Path, typer.Option("--keyring", metavar="DIR", file_okay=False, help="The GnuPG home.")]
KeyFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="An exported key.")]


@app.command("list")
def list_(keyring: KeyringDir, json: Json = False) -> None:
    """Show every key: fingerprint, whose it is, what it can do, and until when."""
    from cuadre.trust import list_keys

    keys = list_keys(keyring)
    if json:
        print_json([asdict(key) for key in keys])
        return
    table = grid(str(keyring), "fingerprint", "of", "can", "created", "expires", "state")
    for key in keys:
        state = "revoked" if key.revoked else "ours" if key.secret else "theirs"
        expires = f"{key.expires:%Y-%m-%d}" if key.expires else "never"
        name = key.user_id if key.fingerprint == key.primary else "  subkey"
        table.add_row(key.fingerprint, name, key.capabilities, f"{key.created:%Y-%m-%d}", expires, state)
    out.print(table)


@app.command("import")
def import_(file: KeyFile, keyring: Home, json: Json = False) -> None:
    """Take a key into the ring. It counts only once a source file names its fingerprint: confirm it by telephone."""
    from cuadre.trust import import_keys

    fingerprints = import_keys(keyring, file)
    if json:
        print_json(list(fingerprints))
    for fingerprint in () if json else fingerprints:
        out.print(fingerprint)
    err.print("Imported, and trusted by nothing yet. Confirm each fingerprint with its owner by telephone,")
    err.print("then name it under `trust.keys` of the source file.")


@app.command()
def check(
    source: SourceFile,
    keyring: KeyringDir,
    days: Annotated[int, typer.Option(min=0, help="Warn of what ends within so many days.")] = 45,
    json: Json = False,
) -> None:
    """Say which allowed signers and decryption keys are missing, revoked or end soon; exit code 3 when any do."""
    from cuadre.trust import check_keys

    warnings = check_keys(keyring, source.trust, datetime.now(UTC), days=days)
    if json:
        print_json([asdict(warning) for warning in warnings])
    elif not warnings:
        err.print(f"Nothing ends within {days} days.")
    for warning in () if json else warnings:
        left = "" if warning.days_left is None else f" ({warning.days_left} days left)"
        out.print(f"{warning.fingerprint or 'key ring'}: {warning.sentence}{left}", markup=False)
    if warnings:
        stop(Exit.REFUSED)
