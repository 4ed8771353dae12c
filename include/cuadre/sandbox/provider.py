"""The provider's SFTP server: a real one, on loopback, over a folder it only ever reads.

The host key is made anew at every start and has to be pinned; there is one login with a generated password. Runs in a
thread of its own, so that tests, the demo and the command line can all use it.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import asyncssh

from cuadre.model.errors import ConfigurationError

HOST = "127.0.0.1"
USERNAME = "merchant"
NOT_SERVED = (b"keyring", b"provider")
"""Folders with secret keys that lie beside the archives when a sandbox day is served as it is."""
PATIENCE = 30.0
"""Seconds a start or a stop may take."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where and how to log in. `host_key` is the public key line to pin, `password` is for nobody's log."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    host_key: str


@contextmanager
def running_provider(folder: Path, *, port: int = 0, client_key: str | None = None) -> Iterator[Provider]:
    """An SFTP server over `folder` while the context lasts; port 0 takes a free one.

    `client_key` is a public key line that may log in besides the password. Clients see `folder` as `/`, can read and
    list, and cannot leave it.

    Raises:
        ConfigurationError: the folder is missing or the port is taken.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: there is no such folder to serve.")
    server = _Server(folder.resolve(), port, client_key)
    thread = threading.Thread(target=server.run, name="sandbox-provider", daemon=True)
    thread.start()
    try:
        yield server.wait_until_up()
    finally:
        server.stop()
        thread.join(PATIENCE)


def serve(
    folder: Path, *, port: int = 0, say: Callable[[str], None] = print, until: threading.Event | None = None
) -> None:
    """Serve `folder` until interrupted (or until `until` is set) and say where and how to log in.

    The password goes into a file only its owner can read, next to the folder, and that file goes with the server.
    """
    until = until or threading.Event()
    with running_provider(folder, port=port) as provider, _ending(until):
        note = folder.resolve().parent / f".{folder.resolve().name}.password"
        _keep(note, provider.password)
        try:
            say(f"Serving {folder} read only at sftp://{provider.username}@{provider.host}:{provider.port}/")
            say(f"Host key: {provider.host_key}")
            say(f"Password: in {note}")
            until.wait()
        except KeyboardInterrupt:
            say("Stopped.")
        finally:
            note.unlink(missing_ok=True)


@contextmanager
def _ending(until: threading.Event) -> Iterator[None]:
    """A polite end of the process (SIGTERM) sets `until`, where this thread may listen to signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: until.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Server:
    """One server in one event loop in one thread."""

    def __init__(self, folder: Path, port: int, client_key: str | None) -> None:
        self._folder, self._port, self._client_key = folder, port, client_key
        self._up, self._down = threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._provider: Provider | None = None
        self._error: Exception | None = None

    def run(self) -> None:
        """Serve until stopped; body of the thread."""
        try:
            asyncio.run(self._serve())
        except (OSError, asyncssh.Error) as error:
            self._error = error
        finally:
            self._up.set()

    def wait_until_up(self) -> Provider:
        """Where to log in, as soon as the server listens."""
        self._up.wait(PATIENCE)
        if self._provider is None:
            said = f" ({self._error})" if self._error else ""
            raise ConfigurationError(f"The SFTP server did not start on {HOST}:{self._port}{said}.")
        return self._provider

    def stop(self) -> None:
        """Ask the thread to close every connection and end."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._down.set)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        host_key = asyncssh.generate_private_key("ssh-ed25519")
        password = secrets.token_urlsafe(18)
        login = _Login(password, self._client_key)
        connections: set[asyncssh.SSHServerConnection] = set()
        acceptor = await asyncssh.create_server(
            lambda: _Session(login, connections),
            HOST,
            self._port,
            server_host_keys=[host_key],
            sftp_factory=lambda channel: _ReadOnly(channel, self._folder),
            allow_scp=False,
            agent_forwarding=False,
            gss_host=None,
            login_timeout=PATIENCE,
        )
        async with acceptor:
            line = host_key.export_public_key("openssh").decode().strip()
            self._provider = Provider(HOST, acceptor.get_port(), USERNAME, password, line)
            self._up.set()
            await self._down.wait()
            for connection in list(connections):
                connection.abort()


@dataclass(frozen=True, slots=True)
class _Login:
    """The one login: its password and, perhaps, a public key line."""

    password: str = field(repr=False)
    client_key: str | None

    def admits(self, username: str, password: str) -> bool:
        """Whether name and password are right, in constant time."""
        right_name = hmac.compare_digest(username.encode(), USERNAME.encode())
        return hmac.compare_digest(password.encode(), self.password.encode()) and right_name

    def admits_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether this key may log in under this name; its possession is proven by asyncssh."""
        if self.client_key is None or username != USERNAME:
            return False
        return key.public_data == asyncssh.import_public_key(self.client_key).public_data


class _Session(asyncssh.SSHServer):
    """Authentication of one connection."""

    def __init__(self, login: _Login, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._login, self._connections = login, connections
        self._mine: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection, so that it can be closed."""
        self._mine = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._mine is not None:
            self._connections.discard(self._mine)

    def begin_auth(self, username: str) -> bool:
        """Nobody comes in without authentication."""
        return True

    def password_auth_supported(self) -> bool:
        """A password is one way in."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Whether this login is the one."""
        return self._login.admits(username, password)

    def public_key_auth_supported(self) -> bool:
        """A key is the other."""
        return self._login.client_key is not None

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether this key is the one."""
        return self._login.admits_key(username, key)


class _ReadOnly(asyncssh.SFTPServer):
    """A folder that can be listed and read, and neither changed nor left, not even through a link.

    The key folders of a sandbox day show in the list and cannot be entered.
    """

    WRITES = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC | asyncssh.FXF_EXCL

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], folder: Path) -> None:
        self._folder = os.fsencode(folder)
        super().__init__(channel, chroot=self._folder)

    def map_path(self, path: bytes) -> bytes:
        """The local path; refused when it leads out of the folder."""
        local = os.path.realpath(super().map_path(path))
        if local != self._folder and not local.startswith(self._folder + b"/"):
            raise asyncssh.SFTPPermissionDenied("Outside of the served folder")
        if local[len(self._folder) + 1 :].split(b"/")[0] in NOT_SERVED:
            raise asyncssh.SFTPPermissionDenied("Not served")
        return local

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Open for reading."""
        if pflags & self.WRITES:
            raise _refused()
        return super().open(path, pflags, attrs)

    def _refuse(self, *_: object) -> NoReturn:
        raise _refused()

    _refusal: Any = _refuse
    open56 = write = setstat = lsetstat = fsetstat = mkdir = rmdir = remove = _refusal
    rename = posix_rename = symlink = link = lock = _refusal


def _refused() -> asyncssh.SFTPPermissionDenied:
    return asyncssh.SFTPPermissionDenied("This server is read only")


def _keep(path: Path, secret: str) -> None:
    """Write a secret into a new file only its owner can read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{secret}\n")
