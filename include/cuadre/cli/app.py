"""The application: its groups of commands, and how errors become sentences and exit codes."""

from __future__ import annotations

import sys

import typer

import cuadre
from cuadre.cli import keyring, marts, sandbox, steps
from cuadre.cli.arguments import Json
from cuadre.cli.show import Exit, err, print_json
from cuadre.model.errors import ConfigurationError, CuadreError, Refusal

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
steps.register(app)


@app.command()
def version(json: Json = False) -> None:
    """Print the version."""
    if json:
        print_json({"version": cuadre.__version__})
    else:
        typer.echo(cuadre.__version__)


def main() -> None:
    """Run the command line; every error of ours becomes one sentence and its exit code."""
    try:
        app()
    except CuadreError as error:
        err.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(_exit_code(error))
    except KeyboardInterrupt:
        err.print("Stopped.")
        sys.exit(130)


def _exit_code(error: CuadreError) -> Exit:
    if isinstance(error, ConfigurationError):
        return Exit.USAGE
    return Exit.REFUSED if isinstance(error, Refusal) else Exit.FAULT
