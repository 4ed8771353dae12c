"""Where this installation keeps things, read from the environment: source files, store, scratch, journal, alerts.

What belongs to one provider account is in its source file, not here.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cuadre.model.errors import ConfigurationError

SOURCES = "CUADRE_SOURCES"
STORE = "CUADRE_STORE"
SCRATCH = "CUADRE_SCRATCH"
JOURNAL = "CUADRE_JOURNAL"
ALERTS = "CUADRE_ALERTS"

DEFAULT_SOURCES = Path(__file__).resolve().parents[2] / "sources"


@dataclass(frozen=True, slots=True)
class Settings:
    """Places of one installation.

    `store` is a folder or `s3://bucket/prefix` shared by all workers; `journal` and `alerts` are files on a disk they
    share; `scratch` is local and may be emptied whenever no task runs.
    """

    sources: Path
    store: str
    scratch: Path
    journal: Path
    alerts: Path


def settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force.

    Raises:
        ConfigurationError: CUADRE_STORE is not set, or is a bucket and CUADRE_JOURNAL is not set.
    """
    values = os.environ if environ is None else environ
    store = values.get(STORE, "")
    if not store:
        raise ConfigurationError(f"Set {STORE} to a folder or to s3://bucket/prefix.")
    remote = store.startswith("s3://")
    if remote and not values.get(JOURNAL):
        raise ConfigurationError(f"The store is a bucket, so set {JOURNAL} to a file on a disk the workers share.")
    journal = Path(values.get(JOURNAL) or Path(store) / "journal.jsonl")
    return Settings(
        sources=sources_folder(values),
        store=store,
        scratch=Path(values.get(SCRATCH) or Path(tempfile.gettempdir()) / "cuadre"),
        journal=journal,
        alerts=Path(values.get(ALERTS) or journal.with_name("alerts.jsonl")),
    )


def sources_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where the source files are; the only setting that matters while Airflow parses."""
    values = os.environ if environ is None else environ
    return Path(values.get(SOURCES) or DEFAULT_SOURCES)
