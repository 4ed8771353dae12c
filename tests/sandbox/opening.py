"""What tests read back from a sandbox day: the member's records as text, and GnuPG's own words about a message."""

from __future__ import annotations

import csv
import io
import subprocess
import zipfile
from decimal import Decimal
from pathlib import Path

from cuadre.sandbox.archive import SandboxDay
from cuadre.sandbox.keys import gnupg

Record = dict[str, str]


def member(day: SandboxDay, part: int = 1) -> list[list[str]]:
    """Every record of a part, header and trailers too."""
    with gnupg(day.keyring) as gpg:
        plain = gpg.run(["--decrypt", str(day.archives[part - 1])])
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        assert archive.namelist() == [day.archives[part - 1].name.replace(".zip.pgp", ".csv")]
        return list(csv.reader(io.StringIO(archive.read(archive.namelist()[0]).decode())))


def body(day: SandboxDay, part: int = 1) -> list[Record]:
    """The body records of a part by column name."""
    records = member(day, part)
    return [dict(zip(records[1], record, strict=True)) for record in records[2:] if record[0] != "TRAILER"]


def trailers(day: SandboxDay, part: int = 1) -> dict[str, tuple[Decimal, ...]]:
    """Count, gross, fee, tax and net by currency."""
    return {r[1]: tuple(Decimal(v) for v in r[2:]) for r in member(day, part) if r[0] == "TRAILER"}


def words(archive: Path, keyring: Path) -> tuple[int, set[str]]:
    """GnuPG's exit code and the status words it says of a message."""
    with gnupg(keyring) as gpg:
        done = subprocess.run(
            [
                *("gpg", "--homedir", str(gpg.home), "--batch", "--no-tty", "--trust-model", "always"),
                *("--pinentry-mode", "loopback", "--status-fd", "2", "--output", "/dev/null", "--yes"),
                *("--decrypt", str(archive)),
            ],
            capture_output=True,
            check=False,
        )
    said = done.stderr.decode(errors="replace").splitlines()
    return done.returncode, {line.split()[1] for line in said if line.startswith("[GNUPG:] ")}
