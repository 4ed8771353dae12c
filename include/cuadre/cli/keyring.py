"""The key ring of a source: look at it, bring a key in, see what must be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from cuadre.cli.arguments import Json, KeyringDir, SourceFile, read_source
from cuadre.cli.show import Exit, err, grid, out, print_json, stop
from cuadre.config import Source
from cuadre.config.secrets import folder_of
from cuadre.model.openpgp import PUBLIC_KEYS

if TYPE_CHECKING:
    from cuadre.trust import Key

app = typer.Typer(help="The key ring of a source.", no_args_is_help=True)

Home = Annotated[
    Path | None,
    typer.Option("--keyring", metavar="DIR", file_okay=False, help="The GnuPG home; the one the source names."),
]
MaybeSource = Annotated[
    Source | None,
    typer.Option("--source", parser=read_source, metavar="FILE", help="Say which keys this source file names."),
]
KeyFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="An exported key.")]


@app.command("list")
def list_(keyring: KeyringDir, json: Json = False) -> None:
    """Show every key: fingerprint, whose it is, what it is and can do, and until when."""
    from cuadre.trust import list_keys

    keys = list_keys(keyring)
    if json:
        print_json([asdict(key) for key in keys])
        return
    table = grid(str(keyring), "fingerprint", "of", "kind", "can", "created", "expires", "state")
    for key in keys:
        name = escape(key.user_id) if key.fingerprint == key.primary else "  subkey"
        table.add_row(key.fingerprint, name, _kind(key), key.capabilities, f"{key.created:%Y-%m-%d}", *_fate(key))
    out.print(table)


@app.command("import")
def import_(file: KeyFile, keyring: Home = None, source: MaybeSource = None, json: Json = False) -> None:
    """Take the keys of a file into the ring, and show their fingerprints to be confirmed. Nothing trusts them by that.

    A key counts only once a source file names it: confirm its fingerprint with its owner by telephone first.
    """
    from cuadre.trust import import_keys

    brought = import_keys(_home(keyring, source), file)
    primary = [key for key in brought if key.fingerprint == key.primary]
    if json:
        print_json([{**asdict(key), "named": _named(key, source)} for key in primary])
    for key in () if json else primary:
        _show_import(key, brought, source)
    err.print("Imported, and trusted by nothing yet. Confirm each fingerprint with its owner by telephone,")
    err.print("then name it under `trust.keys` of the source file.")


@app.command()
def check(source: SourceFile, keyring: Home = None, json: Json = False) -> None:
    """Say what must be done about the keys a source names; exit code 3 when anything is due.

    A key's end and the next rotation are told 45, 14 and 3 days ahead; keys that are missing, or revoked and not yet
    retired, at once. Keys in the ring that the source does not name are listed, and are no reason for exit code 3.
    """
    from cuadre.trust import Severity, check_keys

    warnings = check_keys(_home(keyring, source), source.trust, datetime.now(UTC))
    if json:
        print_json([asdict(warning) for warning in warnings])
    for each in () if json else warnings:
        days = f"in {each.days_left} days" if each.days_left >= 0 else f"{-each.days_left} days ago"
        out.print(f"{each.severity.value:8} {each.due}, {days}  {each.fingerprint}", markup=False, highlight=False)
        out.print(f"         {each.sentence}", markup=False, highlight=False, soft_wrap=True)
    if any(warning.severity is not Severity.INFO for warning in warnings):
        stop(Exit.REFUSED)
    err.print("Nothing is due.")


def _home(keyring: Path | None, source: Source | None) -> Path:
    if keyring is not None:
        return keyring
    if source is None:
        raise typer.BadParameter("give the GnuPG home, or a source file that names it", param_hint="--keyring")
    return folder_of(source.trust.keyring)


def _show_import(key: Key, brought: Sequence[Key], source: Source | None) -> None:
    out.print(key.fingerprint)
    groups = [key.fingerprint[start : start + 4] for start in range(0, len(key.fingerprint), 4)]
    subkeys = [
        f"{_kind(each)} for {each.capabilities}"
        for each in brought
        if each.primary == key.fingerprint != each.fingerprint
    ]
    expires, state = _fate(key)
    out.print(f"  read aloud  {' '.join(groups)}")
    out.print(f"  of          {key.user_id or 'nobody'} ({state})", markup=False)
    out.print(f"  kind        {'; '.join([f'{_kind(key)} for {key.capabilities}', *subkeys])}", markup=False)
    out.print(f"  made        {key.created:%Y-%m-%d}, expires {expires}", highlight=False)
    for line in _named(key, source):
        out.print(f"  named as    {line['role']}, from {line['valid_from']}", highlight=False)
    if source is not None and not _named(key, source):
        out.print(f"  named as    nothing in {source.source}", highlight=False)


def _named(key: Key, source: Source | None) -> list[dict[str, Any]]:
    lines = source.trust.keys if source is not None else ()
    return [line.model_dump(mode="json") for line in lines if line.fingerprint == key.fingerprint]


def _kind(key: Key) -> str:
    return f"{PUBLIC_KEYS.get(key.algorithm, key.algorithm)} {key.bits}"


def _fate(key: Key) -> tuple[str, str]:
    """Until when it lasts, and whose it is or that it is revoked."""
    state = "revoked" if key.revoked else "ours" if key.secret else "theirs"
    return f"{key.expires:%Y-%m-%d}" if key.expires else "never", state
