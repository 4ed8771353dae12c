"""Secrets from Airflow connections, in the textual forms the product reads elsewhere from variables and files.

An `sftp` or `ssh` connection becomes the JSON of a server, a `postgres` one a database URL, anything else its
password, or, without one, the `value` of its extra field.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from pydantic import SecretStr

from cuadre.config import secrets
from cuadre.config.references import SecretReference
from cuadre.config.secrets import Resolver
from cuadre.config.source import Source
from cuadre.model.errors import ConfigurationError


def resolve(reference: SecretReference) -> SecretStr:
    """The secret behind `reference`; ConfigurationError when it is not there."""
    if reference.connection is None:
        return secrets.resolve(reference)
    try:
        return text_of(BaseHook.get_connection(reference.connection))
    except AirflowNotFoundException:
        raise _unknown(reference) from None


async def resolve_all(source: Source) -> Resolver:
    """A resolver with every secret of `source` in hand, for code that leaves the event loop's thread.

    A secret that is missing is told when it is asked for, not before.
    """
    found: dict[SecretReference, SecretStr | ConfigurationError] = {}
    for reference in _references(source):
        try:
            found[reference] = await _resolve_async(reference)
        except ConfigurationError as error:
            found[reference] = error

    def resolver(reference: SecretReference) -> SecretStr:
        secret = found[reference]
        if isinstance(secret, ConfigurationError):
            raise secret
        return secret

    return resolver


def text_of(connection: Any) -> SecretStr:
    """What an Airflow connection says, as one secret text."""
    extra = connection.extra_dejson
    if connection.conn_type in ("sftp", "ssh"):
        return SecretStr(json.dumps({**_server(connection), **extra}))
    if connection.conn_type in ("postgres", "postgresql"):
        return SecretStr(_database_url(connection, extra))
    value = connection.password or extra.get("value")
    if not value:
        raise ConfigurationError(f"The connection {connection.conn_id} holds no password and no extra `value`.")
    return SecretStr(value)


async def _resolve_async(reference: SecretReference) -> SecretStr:
    if reference.connection is None:
        return secrets.resolve(reference)
    try:
        return text_of(await BaseHook.aget_connection(reference.connection))
    except AirflowNotFoundException:
        raise _unknown(reference) from None


def _references(source: Source) -> list[SecretReference]:
    named = [source.transport.server, source.trust.passphrase, source.warehouse]
    return [reference for reference in (*named, *source.alerts.channels) if reference is not None]


def _server(connection: Any) -> dict[str, Any]:
    return {
        "host": connection.host,
        "port": connection.port,
        "login": connection.login,
        "password": connection.password,
    }


def _database_url(connection: Any, extra: dict[str, Any]) -> str:
    password = f":{quote(connection.password, safe='')}" if connection.password else ""
    login = f"{quote(connection.login, safe='')}{password}@" if connection.login else ""
    port = f":{connection.port}" if connection.port else ""
    query = f"?{urlencode(extra)}" if extra else ""
    return f"postgresql://{login}{connection.host or ''}{port}/{quote(connection.schema or '')}{query}"


def _unknown(reference: SecretReference) -> ConfigurationError:
    return ConfigurationError(f"Airflow has no connection {reference.connection!r}; the source file names it.")
