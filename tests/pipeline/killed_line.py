"""Child process of the kill test: runs a day over and over, and is killed each time at a point where it never was.

A point is one write: of a file into the store, of a record into the journal, of rows into the warehouse. Each run is
a fork of this process, which has imported everything and started nothing; SIGKILL leaves it no chance to tidy up.
"""

from __future__ import annotations

import gc
import importlib
import os
import re
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from cuadre.config.secrets import resolve
from cuadre.config.settings import Operator, Settings
from cuadre.evidence import Journal
from cuadre.pipeline.workplace import workplace
from cuadre.quality.importing import sparing_imports
from cuadre.sources.folder import FolderTransport
from cuadre.sources.store import FolderStore
from tests.pipeline.conftest import House

PRELOADED = (
    "formats",
    "pipeline.admit",
    "pipeline.check",
    "pipeline.publish",
    "pipeline.receipts",
    "pipeline.reconcile",
    "quality.suite",
    "warehouse.load",
    "warehouse.snapshot",
)


def main(root: Path, day: date, url: str, operator: Operator) -> None:
    settings = Settings(
        sources=root / "sources",
        store=str(root / "store"),
        scratch=root / "scratch",
        journal=root / "journal.jsonl",
        alerts=root / "alerts.jsonl",
        operator=operator,
    )
    place = workplace(settings, resolve)
    here = House(root, root / "outbox", root / "sources" / "shop.yaml", place, url)
    with sparing_imports():
        for module in PRELOADED:
            importlib.import_module(f"cuadre.{module}")
    gc.freeze()  # no fork looks through what it inherits, which would copy all of it
    FolderTransport.__init__.__kwdefaults__["settle"] = 0.0  # the files hold still
    plant(root / "points")
    while True:
        child = os.fork()
        if not child:
            here.run(day)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            sys.exit(os.waitstatus_to_exitcode(status))


def plant(points: Path) -> None:
    """Make every kind of write a point at which this process dies once: the write before it is done, it is not."""

    def deadly(name: str, write: Callable[..., Any], label: Callable[..., str]) -> Callable[..., Any]:
        def replaced(*args: Any, **kwargs: Any) -> Any:
            die_once(points, f"{name} {label(*args)}".strip())
            return write(*args, **kwargs)

        return replaced

    for method in ("put", "put_new", "put_bytes"):
        setattr(FolderStore, method, deadly(method, getattr(FolderStore, method), kind_of_key))
    Journal.append = deadly("journal", Journal.append, lambda _, step, *__: step)  # type: ignore[method-assign]  # to die in it is the purpose
    commit = psycopg.Connection.commit
    psycopg.Connection.commit = deadly("commit", commit, lambda *_: "")  # type: ignore[method-assign]  # to die in it is the purpose


def kind_of_key(_: object, key: str, *__: object) -> str:
    """The key without hashes and dates."""
    return re.sub(r"[0-9a-f]{16,}|\d{4}-\d{2}-\d{2}", "*", key)


def die_once(points: Path, point: str) -> None:
    passed = points.read_text().splitlines() if points.exists() else []
    if point in passed:
        return
    with points.open("a") as file:
        file.write(f"{point}\n")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), sys.argv[3], Operator(Path(sys.argv[4]), sys.argv[5]))
