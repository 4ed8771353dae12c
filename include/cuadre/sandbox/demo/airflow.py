"""Airflow as the demo runs it: four components on 127.0.0.1, their settings, their start and their health.

The components get their settings by environment alone; secrets among them are made anew at each start.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cuadre.model.errors import ConfigurationError
from cuadre.sandbox.demo.processes import Processes
from cuadre.sandbox.demo.rest import Rest

COMPONENTS = {
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),  # the log servers would listen on every address, and nobody needs them here
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
HEALTHY = ("metadatabase", "scheduler", "triggerer", "dag_processor")
USER = "admin"


def free_port(wanted: int | None, say: Callable[[str], None]) -> int:
    """A TCP port for the web server. Without a wish 8080 is tried first and any free one taken instead.

    Raises ConfigurationError when the port asked for is taken.
    """
    port = wanted or 8080
    if _is_free(port):
        return port
    if wanted:
        raise ConfigurationError(f"Port {port} is taken by another program; stop it, or give another --port.")
    other = _any_free()
    say(f"Port {port} is taken by another program; using {other} instead.")
    return other


def settings(home: Path, *, root: Path, port: int, database: str, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of every component. `home` is AIRFLOW_HOME, `root` the checkout, `database` the metadata URL."""
    address = f"http://127.0.0.1:{port}"
    passwords = home / "passwords.json"
    with os.fdopen(os.open(passwords, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({USER: secrets.token_urlsafe(9)}, file)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return {
        **inherited,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(root / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",  # a file that was changed is read at once
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PYTHONPATH": str(root / "include"),
        "PYTHONWARNINGS": "ignore",
        **extra,
    }


def login(environment: Mapping[str, str]) -> Rest:
    """A REST client logged in as the demo's administrator."""
    passwords = json.loads(Path(environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]).read_text())
    return Rest(environment["AIRFLOW__API__BASE_URL"], USER, passwords[USER])


def migrate(environment: Mapping[str, str], log: Path) -> None:
    """Make the metadata database; ConfigurationError names the log when it fails."""
    command = [*_airflow(), "db", "migrate"]
    with log.open("ab") as output:
        done = subprocess.run(command, env=dict(environment), stdout=output, stderr=output, check=False)
    if done.returncode:
        raise ConfigurationError(f"'airflow db migrate' failed; see {log}.")


def add_pools(rest: Rest, environment: Mapping[str, str]) -> None:
    """Make the pools, by REST: `airflow pools import` would start an Airflow of its own for seconds."""
    pools = Path(environment["AIRFLOW__CORE__DAGS_FOLDER"]).parent / "pools.json"
    for name, pool in json.loads(pools.read_text(encoding="utf-8")).items():
        rest.add_pool(name, pool)


def start(processes: Processes, environment: Mapping[str, str]) -> None:
    """Start the four components."""
    for component, flags in COMPONENTS.items():
        processes.start(component, [*_airflow(), component, *flags], environment)


def wait_until_healthy(rest: Rest, processes: Processes, *, patience: float, progress: Callable[[str], None]) -> None:
    """Return when all four components say they are healthy; ConfigurationError after `patience` seconds."""
    end = time.monotonic() + patience
    while True:
        health = rest.health()
        healthy = [name for name in HEALTHY if health.get(name) == "healthy"]
        progress(f"{len(healthy)} of {len(HEALTHY)} healthy")
        if len(healthy) == len(HEALTHY):
            return
        if ended := processes.ended():
            raise ConfigurationError(f"Airflow's {ended[0]} ended; see {processes.logs / ended[0]}.log.")
        if time.monotonic() > end:
            missing = ", ".join(sorted(set(HEALTHY) - set(healthy)))
            raise ConfigurationError(f"Airflow is not healthy after {patience:.0f} s: {missing}; see {processes.logs}.")
        time.sleep(0.5)


def _airflow() -> list[str]:
    return [sys.executable, "-m", "airflow"]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
