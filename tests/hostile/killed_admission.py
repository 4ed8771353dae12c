"""Child processes of the hygiene tests: each admits one archive, and is killed at a point of it.

They are forks of a process that has imported everything and opened nothing, so none starts with anything of an archive
in it. What a fork says goes to a file.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

from cuadre.config import Source
from cuadre.pipeline.admit import admit


@dataclass(frozen=True)
class Order:
    """What to admit, and when to die by `signal`: at that part of the ciphertext, or never."""

    archive: Path
    source: Source
    keyring: Path
    folder: Path
    now: datetime
    point: float | None = None
    signal: int = 0


def admit_apart(order: Order) -> tuple[int, str]:
    """Admit in a process whose folder is that of `order`; its exit code, and all that it said."""
    (order.folder / "tmp").mkdir(exist_ok=True)
    said = order.folder.with_name(order.folder.name + "-said")
    forks = get_context("forkserver")
    forks.set_forkserver_preload([__name__, "cuadre.formats"])
    process = forks.Process(target=_admit, args=(order, said))
    process.start()
    process.join()
    code = process.exitcode
    process.close()
    assert code is not None
    return code, said.read_text()


def _admit(order: Order, said: Path) -> None:
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in (1, 2):
        os.dup2(output, number)
    logging.basicConfig(level=logging.DEBUG)
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    os.chdir(order.folder)
    os.environ["TMPDIR"] = tempfile.tempdir = str(order.folder / "tmp")
    size = order.archive.stat().st_size

    def reached(count: int) -> None:
        if order.point is not None and count >= order.point * size:
            os.kill(os.getpid(), order.signal)

    out = order.folder / "lake" / "out"
    done = admit(order.archive, order.source, keyring=order.keyring, out=out, now=order.now, progress=reached)
    sys.stdout.write(f"{done}\n")
