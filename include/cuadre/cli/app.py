"""The application: its groups of commands, and how errors become sentences and exit codes."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

import cuadre
from cuadre.cli import deciding, explain, journal, keyring, marts, receipt, replay, sandbox, steps
from cuadre.cli.arguments import Json
from cuadre.cli.show import Exit, err, print_json, visible
from cuadre.model.errors import ConfigurationError, CuadreError, Refusal

_STOPPED = 130
_DUCKDB_STOPPED = "Query interrupted"
"""What DuckDB makes of a signal that arrives during a query."""

app = typer.Typer(
    name="cuadre",
    help="Make settlement archives agree with a merchant's orders, to the cent, and prove it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(keyring.app, name="keyring")
app.add_typer(marts.app, name="marts")
app.add_typer(journal.app, name="journal")
app.add_typer(receipt.app, name="receipt")
steps.register(app)
deciding.register(app)
app.command()(explain.explain)
app.command()(replay.replay)


@app.command()
def version(json: Json = False) -> None:
    """Print the version."""
    if json:
        print_json({"version": cuadre.__version__})
    else:
        typer.echo(cuadre.__version__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, or `arguments` in its place; every error of ours becomes one sentence and its exit code.

    SIGTERM stops it like Ctrl-C does, so that nothing half made stays behind.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app(args=arguments)
    except CuadreError as error:
        _leave(_exit_code(error), str(error))
    except OSError as error:  # a full disk, a folder that is not ours: the system's own words say it
        _leave(Exit.FAULT, f"{error}.")
    except KeyboardInterrupt:
        _leave(_STOPPED, "Stopped.")
    except RuntimeError as error:
        if str(error) != _DUCKDB_STOPPED:
            raise
        _leave(_STOPPED, "Stopped.")


def _leave(code: int, sentence: str) -> NoReturn:
    """What was typed may be quoted in the sentence: nothing in it may act on the terminal."""
    shown = "\n".join(visible(line) for line in sentence.split("\n"))
    err.print(shown, style="red", markup=False, soft_wrap=True)
    sys.exit(code)


def _exit_code(error: CuadreError) -> Exit:
    if isinstance(error, ConfigurationError):
        return Exit.USAGE
    return Exit.REFUSED if isinstance(error, Refusal) else Exit.FAULT
