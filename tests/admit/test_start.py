"""What a run loads: starting is most of what a small archive costs."""

from __future__ import annotations

import subprocess
import sys

from tests.fixtures.openpgp import NAME, NOW, csv_text, zipped

SCRIPT = """
import sys
from datetime import datetime
from pathlib import Path
from cuadre.config import Source
from cuadre.pipeline.admit import admit
source, archive, home, out, now = sys.argv[1:]
admission = admit(
    Path(archive), Source.model_validate_json(source), keyring=Path(home), out=Path(out),
    now=datetime.fromisoformat(now),
)
print(admission.verdict, *sorted({"pandas", "duckdb", "airflow"} & sys.modules.keys()))
"""
BLANKS = csv_text(2).replace("ORD-1", " ORD-1 ").replace("7001", " ")
CURRENCIES = "TRAILER,USD,1,100.00,3.99,0.72,95.29\nTRAILER,PEN,1,100.00,3.99,0.72,95.29\n"
TEXT = BLANKS.replace("PEN", "USD", 1).split("TRAILER")[0] + CURRENCIES


def test_admission_loads_no_library_that_it_has_no_use_for(source, pgp_keys, tmp_path) -> None:
    archive = tmp_path / NAME
    archive.write_bytes(pgp_keys.seal(zipped(TEXT)))
    arguments = [source.model_dump_json(), archive, pgp_keys.ours.home, tmp_path / "out", NOW.isoformat()]
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, arguments)], check=True, capture_output=True, text=True
    )
    assert ran.stdout.split() == ["admitted"]
