"""The files both sides of a measurement are given: one sandbox day, its plain CSV, its lines and its outcomes.

Usage: python -m benchmarks.given LINES FOLDER. Leaves what `cuadre sandbox archive` leaves, and `body.csv` (the plain
member without its header and trailer records), `lines/` (admitted) and `outcomes/` (reconciled).
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

from cuadre.config import load_source
from cuadre.pipeline.admit import admit
from cuadre.pipeline.reconcile import reconcile
from cuadre.sandbox.archive import SandboxDay, make_archive
from cuadre.trust import private_home

SOURCE = Path(__file__).resolve().parents[1] / "include" / "sources" / "pagoefectivo_pe.yaml"
DAY = date(2026, 3, 4)
SEED = 7


def make(lines: int, folder: Path) -> None:
    """Make a day of `lines` lines in `folder`."""
    made = make_archive(load_source(SOURCE), DAY, lines=lines, seed=SEED, out=folder)
    _write_body(made, folder / "body.csv")
    source = load_source(made.source)
    admission = admit(made.archives[0], source, keyring=made.keyring, out=folder / "lines", now=made.as_of)
    if admission.verdict != "admitted":
        raise SystemExit(f"{admission.reason}: {admission.detail}")
    out = folder / "outcomes"
    reconcile(lines=folder / "lines", orders=made.orders, source=source, as_of=made.as_of, out=out)


def _write_body(made: SandboxDay, csv: Path) -> None:
    packed = csv.with_suffix(".zip")
    with private_home(made.keyring) as home:
        gpg = ["gpg", "--homedir", str(home), "--batch", "--trust-model", "always", "--yes", "-o", str(packed)]
        subprocess.run([*gpg, "--decrypt", str(made.archives[0])], check=True, capture_output=True)
    with zipfile.ZipFile(packed) as archive, archive.open(archive.namelist()[0]) as plain, csv.open("wb") as body:
        plain.readline()
        for line in plain:
            if not line.startswith(b"TRAILER,"):
                body.write(line)
    packed.unlink()


if __name__ == "__main__":
    make(int(sys.argv[1]), Path(sys.argv[2]))
