"""What a command is about and opens it with: what it is given, or else what this installation has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cuadre.cli.arguments import read_source
from cuadre.config import Source, load_sources
from cuadre.config.secrets import resolve
from cuadre.config.settings import STORE, settings, sources_folder
from cuadre.model.errors import ConfigurationError

if TYPE_CHECKING:
    from cuadre.pipeline.workplace import Workplace

PASSPHRASE_VARIABLE = "CUADRE_PASSPHRASE"  # noqa: S105 - the name of the variable, not a passphrase

AnySource = Annotated[
    Source | None,
    typer.Option("--source", parser=read_source, metavar="FILE", help="The source file; the one in CUADRE_SOURCES."),
]
AnyStore = Annotated[str | None, typer.Option("--store", metavar="DIR", help="The store; CUADRE_STORE.")]


def the_source(given: Source | None) -> Source:
    """`given`, or the only source there is; ConfigurationError when there are several, or none."""
    if given is not None:
        return given
    found = load_sources(sources_folder())
    if len(found) != 1:
        raise ConfigurationError(f"There are {len(found)} source files in {sources_folder()}; give one with --source.")
    return next(iter(found.values()))


def workplace_at(store: str | None) -> Workplace:
    """The work place of the settings, with its store at `store` when that is given; ConfigurationError without one."""
    from cuadre.pipeline.workplace import workplace

    known = settings({**os.environ, **({STORE: store} if store else {})})
    if not known.store.startswith("s3://") and not Path(known.store).is_dir():
        raise ConfigurationError(f"There is no store in {known.store}; say where it is with --store or {STORE}.")
    return workplace(known, resolve)


def passphrase_of(source: Source) -> str | None:
    """What opens the decryption key: from where the source says, or else, and for Airflow's, from the environment."""
    reference = source.trust.passphrase
    if reference is None or reference.connection is not None:
        return os.environ.get(PASSPHRASE_VARIABLE)
    return resolve(reference).get_secret_value()
