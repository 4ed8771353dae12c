"""Where blocks end, and what the files hold, depends on the bytes only."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.fixtures.openpgp import csv_text

from cuadre.formats.blocks import Cutter
from cuadre.model.errors import ArchiveRejected

MANY = csv_text(4000)


def _hashes(folder) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def test_the_files_are_the_same_bytes_however_the_member_arrives(typing, tmp_path) -> None:
    made = []
    for step in (997, 65_536, 1 << 20):
        typing(MANY, step=step, block=1 << 15, into=str(step))
        made.append(_hashes(tmp_path / str(step)))
    assert made[0] == made[1] == made[2]
    assert list(made[0]) == ["lines-000.parquet", "lines-001.parquet"]


@pytest.mark.parametrize("block", [1 << 10, 1 << 15, 1 << 22])
def test_no_line_is_lost_or_renumbered_by_cutting(block, typing, tmp_path) -> None:
    assert typing(MANY, block=block).lines == 4000
    table = pa.concat_tables(pq.read_table(file) for file in tmp_path.glob("*.parquet")).sort_by("line_no")
    assert table["line_no"].to_pylist() == list(range(1, 4001))
    assert table["merchant_reference"].to_pylist() == [f"ORD-{n}" for n in range(1, 4001)]


@pytest.mark.parametrize("block", [1 << 12, 1 << 15, 1 << 22])
def test_the_first_bad_record_of_the_file_is_the_one_named(block, typing) -> None:
    text = MANY.replace("ORD-3111,,B1,PAYMENT", "ORD-3111,,B1,X").replace("ORD-2500,,B1,PAYMENT", "ORD-2500,,B1,Y")
    with pytest.raises(ArchiveRejected, match="Record 2500: "):
        typing(text, block=block)


def test_trailers_are_found_wherever_the_cut_falls() -> None:
    body = b"record,of,twenty,b\n" * 8000
    for extra in range(40):
        data = b"H\nC\n" + b"x" * extra + b"\n" + body + b"TRAILER,1\nTRAILER,2\n"
        cutter = Cutter(iter([data]), b"TRAILER,", block_bytes=50_000)
        assert cutter.head() == (b"H", b"C")
        joined = b"".join(block.data for block in cutter.blocks())
        assert joined == b"x" * extra + b"\n" + body
        assert cutter.trailers == b"TRAILER,1\nTRAILER,2\n"


def test_a_record_longer_than_a_block_is_refused() -> None:
    cutter = Cutter(iter([b"H\nC\n", b"x" * 300_000]), b"TRAILER,", block_bytes=50_000)
    cutter.head()
    with pytest.raises(ArchiveRejected, match="LINES_MALFORMED"):
        list(cutter.blocks())
