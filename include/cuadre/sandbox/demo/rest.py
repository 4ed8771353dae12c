"""The few calls of Airflow's REST API (v2) that the demo makes, with a token of its own login."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from cuadre.model.errors import CuadreError

RUN_ENDED = ("success", "failed")


@dataclass(slots=True)
class Rest:
    """A client of the API server at `address`; logs in on the first call and again when the token has run out."""

    address: str
    user: str
    password: str
    _client: httpx.Client | None = None
    _stranger: httpx.Client = field(init=False)
    """Asks without a token; one for all calls, since each client made reads the system's certificates."""

    def __post_init__(self) -> None:
        self._stranger = httpx.Client(base_url=self.address, timeout=5)

    def health(self) -> dict[str, str]:
        """Status by component, 'healthy' when it is; empty while the server does not answer."""
        try:
            answer = self._stranger.get("/api/v2/monitor/health")
        except httpx.TransportError:
            return {}
        if answer.status_code != httpx.codes.OK:
            return {}
        return {name: part["status"] or "unknown" for name, part in answer.json().items() if part}

    def dag_is_known(self, dag: str) -> bool:
        """Whether the DAG processor has stored `dag`."""
        return self._call("GET", f"/dags/{dag}", may_miss=True) is not None

    def import_errors(self) -> list[str]:
        """What the DAG processor could not read: one text for each file."""
        answer = self._call("GET", "/importErrors")
        return [error["stack_trace"] for error in answer["import_errors"]]

    def add_pool(self, name: str, pool: Mapping[str, Any]) -> None:
        """Make the pool `name`, as `pools.json` declares it."""
        self._call("POST", "/pools", json={"name": name, **pool})

    def unpause(self, dag: str) -> None:
        """Let the scheduler start runs of `dag`."""
        self._call("PATCH", f"/dags/{dag}", json={"is_paused": False})

    def trigger(self, dag: str, partition_key: str) -> str:
        """Start a run by hand for a settlement date; its run id."""
        answer = self._call("POST", f"/dags/{dag}/dagRuns", json={"logical_date": None, "partition_key": partition_key})
        return str(answer["dag_run_id"])

    def backfill(self, dag: str, day: str) -> None:
        """Let the scheduler make the run of one settlement date that has passed."""
        span = {"from_date": f"{day}T00:00:00Z", "to_date": f"{day}T23:59:59Z"}
        self._call("POST", "/backfills", json={"dag_id": dag, **span, "max_active_runs": 1})

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """All runs of `dag`: id, state, partition key and the like."""
        answer = self._call("GET", f"/dags/{dag}/dagRuns", params={"limit": 100})
        return list(answer["dag_runs"])

    def tasks(self, dag: str, run: str, states: Sequence[str]) -> list[dict[str, Any]]:
        """Task instances of one run that are in one of `states`: task id, state and the like."""
        asked = {"limit": 100, "state": list(states)}
        answer = self._call("GET", f"/dags/{dag}/dagRuns/{run}/taskInstances", params=asked)
        return list(answer["task_instances"])

    def clear(self, dag: str, run: str) -> None:
        """Run every task of `run` again, as the Clear button does."""
        self._call("POST", f"/dags/{dag}/dagRuns/{run}/clear", json={"dry_run": False, "only_failed": False})

    def _call(self, method: str, path: str, *, may_miss: bool = False, **arguments: Any) -> Any:
        answer = self._connected().request(method, f"/api/v2{path}", **arguments)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._client = None
            answer = self._connected().request(method, f"/api/v2{path}", **arguments)
        if may_miss and answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.is_error:
            raise CuadreError(f"Airflow answered {answer.status_code} to {method} {path}; see the api-server's log.")
        return answer.json()

    def _connected(self) -> httpx.Client:
        if self._client is None:
            login = {"username": self.user, "password": self.password}
            token = self._stranger.post("/auth/token", json=login, timeout=30).raise_for_status().json()
            headers = {"Authorization": f"Bearer {token['access_token']}"}
            self._client = httpx.Client(base_url=self.address, headers=headers, timeout=60)
        return self._client
