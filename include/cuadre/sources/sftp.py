"""SFTP: one login at a server whose host key is pinned.

`SftpSession` is asynchronous, as its library is; `SftpTransport` is the blocking shell that everyone uses. No agent, no
configuration file and no known_hosts of the machine is ever consulted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import asyncssh
from pydantic import SecretStr

from cuadre.model.errors import ArchiveUnstable, ConfigurationError, HostKeyRefused, SourceUnavailable
from cuadre.sources.transport import (
    CHUNK,
    SETTLE,
    Arrival,
    Downloaded,
    RemoteFile,
    arriving,
    checked_name,
    is_safe,
    unchanged,
    with_retries,
)

CONNECT_SECONDS = 20
QUIET_SECONDS = 60
"""Longest silence of the server before a request counts as failed."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class SftpServer:
    """Where to log in and as whom; `host_key` is the pinned public key, as in `ssh-ed25519 AAAA...`."""

    host: str
    port: int
    username: str
    password: SecretStr | None = None
    private_key: SecretStr | None = None
    host_key: str | None = None


def parse_server(secret: SecretStr, *, host_key: str | None = None) -> SftpServer:
    """The server described by a URI or JSON; `host_key` of the source file wins over the one in there.

    URI: `sftp://user:password@host:port?host_key=ssh-ed25519%20AAAA`. JSON: an object with host, port, login (or
    username), password, private_key (PEM) and host_key.

    Raises:
        ConfigurationError: host or user is missing, or there is nothing to log in with.
    """
    text = secret.get_secret_value().strip()
    parts = _from_json(text) if text.startswith("{") else _from_uri(text)
    if not parts.get("host") or not parts.get("login"):
        raise ConfigurationError("The SFTP server of the source names no host or no user.")
    if not parts.get("password") and not parts.get("private_key"):
        raise ConfigurationError("The SFTP server of the source has neither a password nor a private key.")
    return SftpServer(
        host=parts["host"],
        port=_port(parts.get("port") or 22),
        username=parts["login"],
        password=_hidden(parts.get("password")),
        private_key=_hidden(parts.get("private_key")),
        host_key=host_key or parts.get("host_key") or None,
    )


class SftpSession:
    """An open SFTP session on `folder`; an asynchronous context manager. Errors are the product's own."""

    def __init__(self, server: SftpServer, folder: str, *, settle: float = SETTLE) -> None:
        self._server = server
        self._folder = PurePosixPath(folder)
        self._settle = settle
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    async def __aenter__(self) -> SftpSession:
        options = _login(self._server)
        try:
            self._connection = await asyncssh.connect(self._server.host, self._server.port, **options)
            self._sftp = await self._connection.start_sftp_client()
        except asyncssh.HostKeyNotVerifiable:
            raise HostKeyRefused(
                f"{self._server.host} did not show the pinned host key; nothing was sent. Confirm the new key with the "
                "provider by telephone before changing `host_key`."
            ) from None
        except asyncssh.PermissionDenied:
            raise ConfigurationError(f"{self._server.host} refused the login; ask for a valid one.") from None
        except (OSError, asyncssh.Error, TimeoutError) as error:
            raise SourceUnavailable(f"{self._server.host} cannot be reached: {error.__class__.__name__}.") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.abort()
            await self._connection.wait_closed()
        self._connection = self._sftp = None

    async def list(self) -> Sequence[RemoteFile]:
        """Regular files with safe names, sorted by name."""
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                entries = [entry async for entry in self._client.scandir(str(self._folder))]
        except asyncssh.SFTPNoSuchFile:
            raise ConfigurationError(f"The server has no folder {self._folder}.") from None
        except (OSError, asyncssh.Error, TimeoutError) as error:
            raise SourceUnavailable(f"{self._folder} cannot be listed: {error.__class__.__name__}.") from error
        found = [(_text(entry.filename), entry.attrs) for entry in entries]
        return sorted(_seen(name, attributes) for name, attributes in found if is_safe(name) and _regular(attributes))

    async def download(self, name: str, target: Path) -> Downloaded:
        """Copy `name` to `target`, hashing on the way; ArchiveUnstable when it changed meanwhile."""
        remote = str(self._folder / checked_name(name))
        try:
            before = await self._stat(name, remote)
            await asyncio.sleep(self._settle)
            unchanged(before, await self._stat(name, remote))
            with arriving(before, target) as arrival:
                await self._copy(remote, arrival)
            unchanged(before, await self._stat(name, remote))
        except asyncssh.SFTPNoSuchFile:
            raise ArchiveUnstable(f"{name} was there a moment ago and is gone.") from None
        except (OSError, asyncssh.Error, TimeoutError) as error:
            raise SourceUnavailable(f"{name} broke off: {error.__class__.__name__}.") from error
        return arrival.keep()

    @property
    def _client(self) -> asyncssh.SFTPClient:
        if self._sftp is None:
            raise SourceUnavailable("The session is closed.")
        return self._sftp

    async def _stat(self, name: str, remote: str) -> RemoteFile:
        async with asyncio.timeout(QUIET_SECONDS):
            attributes = await self._client.lstat(remote)
        if not _regular(attributes):
            raise SourceUnavailable(f"{name} is not a regular file.")
        return _seen(name, attributes)

    async def _copy(self, remote: str, arrival: Arrival) -> None:
        async with self._client.open(remote, "rb") as source:
            while block := await self._read(source):
                arrival.write(block)

    async def _read(self, source: Any) -> bytes:
        async with asyncio.timeout(QUIET_SECONDS):
            block: bytes = await source.read(CHUNK)
        return block


class SftpTransport:
    """The blocking shell: opens a session when needed, opens it again after a failure, tries `attempts` times."""

    def __init__(
        self, server: SftpServer, folder: str, *, attempts: int = 4, wait: float = 1.0, settle: float = SETTLE
    ) -> None:
        self._server = server
        self._folder = folder
        self._attempts = attempts
        self._wait = wait
        self._settle = settle
        self._runner = asyncio.Runner()
        self._session: SftpSession | None = None

    def list(self) -> Sequence[RemoteFile]:
        """Regular files with safe names, sorted by name."""
        return self._persistently(lambda session: session.list())

    def download(self, name: str, target: Path) -> Downloaded:
        """Copy `name` to `target`, hashing on the way; ArchiveUnstable when it changed meanwhile."""
        checked_name(name)
        return self._persistently(lambda session: session.download(name, target))

    def close(self) -> None:
        """Close the connection and its event loop."""
        self._drop()
        self._runner.close()

    def _persistently(self, action: Callable[[SftpSession], Awaitable[Result]]) -> Result:
        return with_retries(
            lambda: self._run(self._once(action)), attempts=self._attempts, wait=self._wait, between=self._drop
        )

    async def _once(self, action: Callable[[SftpSession], Awaitable[Result]]) -> Result:
        if self._session is None:
            self._session = await SftpSession(self._server, self._folder, settle=self._settle).__aenter__()
        return await action(self._session)

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._run(session.__aexit__())

    def _run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return self._runner.run(coroutine)


def _login(server: SftpServer) -> dict[str, Any]:
    return {
        "username": server.username,
        "password": server.password.get_secret_value() if server.password else None,
        "client_keys": [_private_key(server.private_key)] if server.private_key else None,
        "known_hosts": ([_host_key(server)], [], []),
        "agent_path": None,
        "config": None,
        "connect_timeout": CONNECT_SECONDS,
        "login_timeout": CONNECT_SECONDS,
        "keepalive_interval": 15,
    }


def _host_key(server: SftpServer) -> asyncssh.SSHKey:
    if server.host_key is None:
        raise HostKeyRefused(
            f"No host key is pinned for {server.host}; nothing was sent. Set `host_key` to the provider's public key."
        )
    try:
        return asyncssh.import_public_key(server.host_key)
    except asyncssh.KeyImportError:
        raise ConfigurationError(f"The host key pinned for {server.host} is not an OpenSSH public key.") from None


def _private_key(key: SecretStr) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(key.get_secret_value())
    except asyncssh.KeyImportError:
        raise ConfigurationError("The private key of the SFTP login cannot be read.") from None


def _from_json(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        raise ConfigurationError("The SFTP server of the source is not valid JSON.") from None
    return {**data, "login": data.get("login") or data.get("username")}


def _from_uri(text: str) -> dict[str, Any]:
    try:
        uri = urlsplit(text)
        port = uri.port
    except ValueError:
        raise ConfigurationError("The SFTP server of the source is not a valid URI.") from None
    extra = {key: values[-1] for key, values in parse_qs(uri.query).items()}
    return {
        "host": uri.hostname,
        "port": port,
        "login": unquote(uri.username or ""),
        "password": unquote(uri.password or ""),
        **extra,
    }


def _port(given: object) -> int:
    if not str(given).isdecimal() or not 0 < int(str(given)) < 65_536:
        raise ConfigurationError("The SFTP server of the source has a port that is none.")
    return int(str(given))


def _hidden(text: str | None) -> SecretStr | None:
    return SecretStr(text) if text else None


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


def _regular(attributes: asyncssh.SFTPAttrs) -> bool:
    return attributes.type == asyncssh.FILEXFER_TYPE_REGULAR


def _seen(name: str, attributes: asyncssh.SFTPAttrs) -> RemoteFile:
    return RemoteFile(name, attributes.size or 0, float(attributes.mtime or 0))
