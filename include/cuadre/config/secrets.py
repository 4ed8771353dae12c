"""Turn a `SecretReference` into the secret it points at, wrapped so that no repr, log or traceback shows it.

Environment variables and files are resolved here; an Airflow connection only by the adapter in `cuadre.airflow`.
What the text means (a URI, JSON, a passphrase) is the business of whoever asked for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import SecretStr

from cuadre.config.references import FolderReference, SecretReference
from cuadre.model.errors import ConfigurationError

Resolver = Callable[[SecretReference], SecretStr]
"""What turns a reference into a secret; raises ConfigurationError when there is none."""


def resolve(reference: SecretReference, environ: Mapping[str, str] | None = None) -> SecretStr:
    """The secret behind `reference`, taken from the environment or a file.

    Raises:
        ConfigurationError: nothing is there, or it is an Airflow connection and this is not Airflow.
    """
    if reference.env is not None:
        value = (os.environ if environ is None else environ).get(reference.env)
        if not value:
            raise ConfigurationError(f"The environment variable {reference.env} is not set.")
        return SecretStr(value)
    if reference.file is not None:
        return _from_file(Path(reference.file))
    raise ConfigurationError(
        f"The Airflow connection {reference.connection!r} can only be used inside Airflow; "
        "refer to an environment variable or a file here."
    )


def folder_of(reference: FolderReference, environ: Mapping[str, str] | None = None) -> Path:
    """The folder behind `reference`.

    Raises:
        ConfigurationError: the environment variable it names is not set.
    """
    if reference.folder is not None:
        return Path(reference.folder)
    assert reference.env is not None
    value = (os.environ if environ is None else environ).get(reference.env)
    if not value:
        raise ConfigurationError(f"The environment variable {reference.env} is not set; it names a folder.")
    return Path(value)


def _from_file(path: Path) -> SecretStr:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The secret file {path} cannot be read ({error.__class__.__name__}).") from None
    if not text:
        raise ConfigurationError(f"The secret file {path} is empty.")
    return SecretStr(text)
