"""No plaintext stays where it should not: a process killed at many points, and every place it could have written to.

The marker stands in every line of the archive, which is refused at its very end, so no trace of it may ever be found
outside the private quarantine, and none at all once the next run has swept up.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.config import Source, load_source
from cuadre.pipeline.admit import admit
from cuadre.trust import quarantine as quarantines
from tests.fixtures.openpgp import NAME, NOW, Keys, csv_text, zipped
from tests.hostile.killed_admission import Order, admit_apart

EXAMPLE = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"
MARKER = "MARK7f3a9ORDER"
RECORDS = 60_000
POINTS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


@pytest.fixture(scope="module")
def archive(pgp_keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Signed by the provider, marked on every line, and wrong in its last total."""
    path = tmp_path_factory.mktemp("marked") / NAME
    text = (
        csv_text(RECORDS).replace("ORD-", f"{MARKER}-").replace(f"TRAILER,PEN,{RECORDS},", f"TRAILER,PEN,{RECORDS}1,")
    )
    path.write_bytes(pgp_keys.seal(zipped(text)))
    return path


@pytest.fixture(params=["disk", "memory"])
def source(request: pytest.FixtureRequest, pgp_keys: Keys) -> Source:
    return load_source(EXAMPLE).model_copy(update={"trust": pgp_keys.trust("sender", quarantine=request.param)})


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGABRT])
def test_nothing_of_a_killed_admission_is_left(
    how: signal.Signals, source: Source, archive: Path, pgp_keys: Keys, tmp_path: Path
) -> None:
    order = Order(archive, source, pgp_keys.ours.home, tmp_path, NOW)
    for point in POINTS:
        code, said = admit_apart(replace(order, point=point, signal=how))
        assert code in (-how, 0), said
        assert _marked(tmp_path) == [], "only the quarantine may hold it, and only for its owner"
        assert MARKER not in said
    code, said = admit_apart(order)
    assert (code, MARKER in said) == (0, False)
    assert "CONTROL_TOTAL_MISMATCH" in said
    assert _quarantines(tmp_path) == []
    assert _marked(tmp_path) == []


def test_a_refusal_in_memory_never_touches_the_disk(archive: Path, pgp_keys: Keys, tmp_path: Path) -> None:
    trust = pgp_keys.trust("sender", quarantine="memory")
    source = load_source(EXAMPLE).model_copy(update={"trust": trust})
    seen: list[bool] = []
    record = admit(
        archive,
        source,
        keyring=pgp_keys.ours.home,
        out=tmp_path / "lake" / "out",
        now=NOW,
        progress=lambda count: seen.append(any(path.is_file() for path in tmp_path.rglob("*"))),
    )
    assert (record.reason, set(seen)) == ("CONTROL_TOTAL_MISMATCH", {False})


def test_what_is_admitted_out_of_memory_is_the_same_and_private(pgp_keys: Keys, tmp_path: Path) -> None:
    good, files = tmp_path / NAME, {}
    good.write_bytes(pgp_keys.seal(zipped(csv_text())))
    for place in ("disk", "memory"):
        source = load_source(EXAMPLE).model_copy(update={"trust": pgp_keys.trust("sender", quarantine=place)})
        out = tmp_path / place / "out"
        assert admit(good, source, keyring=pgp_keys.ours.home, out=out, now=NOW).verdict == "admitted"
        files[place] = {path.name: path.read_bytes() for path in out.iterdir()}
        assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in out.iterdir()} == {0}
    assert files["disk"] == files["memory"]


def _quarantines(folder: Path) -> list[Path]:
    ours = quarantines.MEMORY.glob(f"cuadre-quarantine-{os.getuid()}-*")
    return [*folder.rglob(".out.quarantine-*"), *filter(_is_abandoned, ours)]


def _is_abandoned(place: Path) -> bool:
    """Whether no living process holds it: memory is shared with whatever else runs on this machine."""
    try:
        lock = os.open(place, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _marked(folder: Path) -> list[Path]:
    """Files with the marker, plain, deflated or in Parquet, that are not inside a private quarantine."""
    private = _quarantines(folder)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o700 for path in private)
    inside = [path for place in private for path in place.rglob("*")]
    return [path for path in _files(folder) if path not in inside and MARKER.encode() in _content(path)]


def _files(folder: Path) -> Iterator[Path]:
    """Everything under the work folders, and core files wherever this system would leave them."""
    yield from (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    pattern = Path(Path("/proc/sys/kernel/core_pattern").read_text().strip())
    if pattern.is_absolute():
        yield from (path for path in pattern.parent.glob("core*") if path.is_file())


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    if data.startswith(b"PAR1") and data.endswith(b"PAR1"):
        return json.dumps(pq.read_table(path).cast(_texts(path)).to_pylist()).encode()
    try:
        return data + zlib.decompressobj(-15).decompress(data[30 + len(NAME) :])
    except zlib.error:
        return data


def _texts(path: Path) -> pa.Schema:
    return pa.schema([pa.field(name, pa.string()) for name in pq.read_schema(path).names])
