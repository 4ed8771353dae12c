"""A process that is killed in the middle of an archive leaves nothing that the next run does not clear away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.fixtures.openpgp import NAME, NOW
from tests.hostile.messages import GOOD

from cuadre.pipeline.admit import admit

SCRIPT = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from cuadre.config import Source
from cuadre.pipeline.admit import admit
source, archive, home, out, now = sys.argv[1:]
admit(
    Path(archive), Source.model_validate_json(source), keyring=Path(home), out=Path(out),
    now=datetime.fromisoformat(now), progress=lambda count: os.kill(os.getpid(), signal.SIGKILL),
)
"""


def test_what_a_killed_run_leaves_is_gone_after_the_next_one(source, pgp_keys, tmp_path) -> None:
    archive, out = tmp_path / NAME, tmp_path / "lake" / "out"
    archive.write_bytes(pgp_keys.seal(GOOD))
    arguments = [source.model_dump_json(), archive, pgp_keys.ours.home, out, NOW.isoformat()]
    environment = {**os.environ, "TMPDIR": str(pgp_keys.ours.home.parent)}
    killed = subprocess.run([sys.executable, "-c", SCRIPT, *map(str, arguments)], check=False, env=environment)
    assert killed.returncode == -signal.SIGKILL
    left = list(out.parent.iterdir())
    assert [path.name.startswith(".out.quarantine-") for path in left] == [True]
    views = list(pgp_keys.ours.home.parent.glob("cuadre-gnupg-*"))
    assert len(views) == 1
    admitted = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("signal.SIGKILL", "0"), *map(str, arguments)],
        check=False,
        env=environment,
    )
    assert admitted.returncode == 0
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert not [view for view in views if view.exists()]
    assert not [view for view in views for line in _command_lines() if str(view) in line]
    assert admit(archive, source, keyring=pgp_keys.ours.home, out=out, now=NOW).verdict == "admitted"


def _command_lines() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found
