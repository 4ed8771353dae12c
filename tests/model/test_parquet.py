"""Parquet files named in SQL: whatever their paths look like, the file that is meant is read, and only its columns."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.model.parquet import parquet_sql
from tests.fixtures.asked import asked


def written(path: Path, currency: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"currency": [currency]}), path)
    return path


@pytest.mark.parametrize("name", ["a[1].parquet", "a*.parquet", "a?.parquet", "it's.parquet", "[a].parquet"])
def test_the_file_of_that_very_name_is_read(tmp_path: Path, name: str) -> None:
    for other in ("a1.parquet", "a2.parquet", "a.parquet"):
        written(tmp_path / other, "USD")
    meant = written(tmp_path / name, "PEN")
    assert asked(f"FROM {parquet_sql([meant])}") == [("PEN",)]


def test_a_folder_named_like_a_column_says_nothing_of_the_rows(tmp_path: Path) -> None:
    meant = written(tmp_path / "currency=USD" / "settlement_date=2026-03-02" / "lines.parquet", "PEN")
    assert asked(f"FROM {parquet_sql([meant])}") == [("PEN",)]


def test_several_files_are_read_together_by_the_names_of_their_columns(tmp_path: Path) -> None:
    files = [written(tmp_path / f"{currency}.parquet", currency) for currency in ("PEN", "USD")]
    assert sorted(asked(f"FROM {parquet_sql(files)}")) == [("PEN",), ("USD",)]
