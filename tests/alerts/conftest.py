"""Fixtures: a real HTTP receiver on loopback, which apprise reaches by a json:// URL."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cuadre.config import Source, load_source


@dataclass
class Pager:
    """What arrived, and the answer it gives."""

    url: str = ""
    status: int = 200
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]


@pytest.fixture
def pager() -> Iterator[Pager]:
    state = Pager()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(state.status)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            del arguments

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"json://cuadre:s3cret@127.0.0.1:{server.server_port}/hook"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def source() -> Source:
    """The example source; it pages above 1 % of breaks, PEN 5,000 or USD 1,500."""
    return load_source(Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml")
