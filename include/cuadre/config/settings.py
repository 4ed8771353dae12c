"""Where this installation keeps things, read from the environment: source files, store, scratch, journal, alerts, and
the operator's key; and how much memory, or which cluster, matching may use.

What belongs to one provider account is in its source file, not here.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cuadre.config.references import SecretReference
from cuadre.model.errors import ConfigurationError

SOURCES = "CUADRE_SOURCES"
STORE = "CUADRE_STORE"
SCRATCH = "CUADRE_SCRATCH"
JOURNAL = "CUADRE_JOURNAL"
ALERTS = "CUADRE_ALERTS"
OPERATOR_KEYRING = "CUADRE_OPERATOR_KEYRING"
OPERATOR_KEY = "CUADRE_OPERATOR_KEY"
OPERATOR_PASSPHRASE = "CUADRE_OPERATOR_PASSPHRASE"  # noqa: S105  the name of the variable, not a passphrase
OPERATOR_PASSPHRASE_FILE = "CUADRE_OPERATOR_PASSPHRASE_FILE"  # noqa: S105  likewise

MEMORY_LIMIT = "CUADRE_MEMORY_LIMIT"
SPARK_REMOTE = "CUADRE_SPARK_REMOTE"

DEFAULT_MEMORY_LIMIT = "1200MB"
"""Bound of DuckDB's own memory; beyond it, DuckDB spills to the folder it is given."""

DEFAULT_SOURCES = Path(__file__).resolve().parents[2] / "sources"


@dataclass(frozen=True, slots=True)
class Operator:
    """Whose signature receipts carry: a GnuPG home, a primary fingerprint in it, and where its passphrase is."""

    keyring: Path
    key: str
    passphrase: SecretReference | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Places of one installation.

    `store` is a folder or `s3://bucket/prefix` shared by all workers; `journal` and `alerts` are files on a disk they
    share; `scratch` is local and may be emptied whenever no task runs. Without an `operator` receipts are not signed.
    """

    sources: Path
    store: str
    scratch: Path
    journal: Path
    alerts: Path
    operator: Operator | None = None


@dataclass(frozen=True, slots=True)
class Compute:
    """What runs the models of matching: `duckdb` in this process, or `spark`.

    DuckDB keeps at most `memory_limit` in memory, such as 1200MB or 8GB, and spills the rest. Spark is the cluster
    behind the Spark Connect address `spark_remote`, or without one the session this program runs in.
    """

    engine: str = "duckdb"
    memory_limit: str = DEFAULT_MEMORY_LIMIT
    spark_remote: str | None = None


def compute_settings(engine: str, environ: Mapping[str, str] | None = None) -> Compute:
    """The engine of that name, with what the environment says of memory and cluster.

    Raises:
        ConfigurationError: CUADRE_MEMORY_LIMIT is no amount of memory.
    """
    values = os.environ if environ is None else environ
    memory_limit = values.get(MEMORY_LIMIT) or DEFAULT_MEMORY_LIMIT
    if not re.fullmatch("[1-9][0-9]*(MB|GB|MiB|GiB)", memory_limit):
        raise ConfigurationError(f"{MEMORY_LIMIT} is {memory_limit!r}; give whole megabytes or gigabytes, such as 4GB.")
    return Compute(engine, memory_limit, values.get(SPARK_REMOTE) or None)


def settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force.

    Raises:
        ConfigurationError: CUADRE_STORE is not set, or is a bucket and CUADRE_JOURNAL is not set; or the operator's
            key is named by half.
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
        operator=operator(values),
    )


def operator(environ: Mapping[str, str] | None = None) -> Operator | None:
    """The operator whose key the environment names; None when it names none.

    Raises:
        ConfigurationError: it names a key without its key ring, or the other way, or something that is no fingerprint.
    """
    values = os.environ if environ is None else environ
    keyring, key = values.get(OPERATOR_KEYRING), (values.get(OPERATOR_KEY) or "").replace(" ", "").upper()
    if not keyring and not key:
        return None
    if not keyring or not re.fullmatch("[0-9A-F]{40}", key):
        raise ConfigurationError(
            f"Set both {OPERATOR_KEYRING} to a GnuPG home and {OPERATOR_KEY} to a fingerprint of 40 hex digits in it."
        )
    return Operator(Path(keyring), key, _passphrase(values))


def _passphrase(values: Mapping[str, str]) -> SecretReference | None:
    if values.get(OPERATOR_PASSPHRASE):
        return SecretReference(env=OPERATOR_PASSPHRASE)
    file = values.get(OPERATOR_PASSPHRASE_FILE)
    return SecretReference(file=file) if file else None


def sources_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where the source files are; the only setting that matters while Airflow parses."""
    values = os.environ if environ is None else environ
    return Path(values.get(SOURCES) or DEFAULT_SOURCES)
