"""The folder everything of the demo is in, and the lock that keeps a second demo out of it."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cuadre
from cuadre.model.errors import ConfigurationError

ROOT = Path(cuadre.__file__).resolve().parents[2]
"""The checkout."""


@dataclass(frozen=True, slots=True)
class House:
    """Folders of one demo, all below `base`."""

    base: Path

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME."""
        return self.base / "airflow"

    @property
    def postgres(self) -> Path:
        """The database server's data."""
        return self.base / "postgres"

    @property
    def logs(self) -> Path:
        """One log for each process."""
        return self.base / "logs"

    @property
    def processes(self) -> Path:
        """What is running, for the next demo to sweep should this one be killed."""
        return self.base / "processes.json"

    @property
    def served(self) -> Path:
        """What the provider's SFTP server shows."""
        return self.base / "provider"

    @property
    def outbox(self) -> Path:
        """The provider's folder of archives."""
        return self.served / "outbox"

    @property
    def days(self) -> Path:
        """One folder a settlement day: what the sandbox made for it, answers included."""
        return self.base / "days"

    @property
    def sources(self) -> Path:
        """Source files the DAGs are built from."""
        return self.base / "sources"

    @property
    def store(self) -> Path:
        """Archives as they came, and the lake."""
        return self.base / "store"

    @property
    def operator(self) -> Path:
        """The GnuPG home with the key that signs receipts."""
        return self.base / "operator"

    @property
    def scratch(self) -> Path:
        """Working space of tasks."""
        return self.base / "scratch"

    @property
    def alerts(self) -> Path:
        """The local file of incidents."""
        return self.base / "alerts.jsonl"

    @property
    def psql(self) -> Path:
        """The command that opens psql on the marts."""
        return self.base / "psql"

    def clear(self) -> None:
        """Forget the demo before; keep the lock."""
        for path in self.base.iterdir():
            if path.name == "lock":
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        for folder in (self.airflow, self.logs, self.outbox, self.days, self.sources, self.store, self.scratch):
            folder.mkdir(parents=True, mode=0o700)


@contextmanager
def occupied(house: House) -> Iterator[None]:
    """Hold the house; ConfigurationError when another demo of this checkout does."""
    house.base.mkdir(parents=True, exist_ok=True)
    with (house.base / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError("A demo is already running here; stop it with Ctrl-C.") from None
        yield
