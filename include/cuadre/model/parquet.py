"""Parquet files as SQL of DuckDB: the very files that are meant, and only what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cuadre.model.literals import literal

_PATTERN = re.compile(r"[\[*?]")


def parquet_sql(files: Iterable[Path]) -> str:
    """A table expression over `files`, of which there is at least one; columns are brought together by name.

    Left alone, DuckDB takes brackets and stars in a path as a pattern, so that it may read another file than the one
    that was checked, and a folder called `currency=USD` as the column `currency`, over the file's own.
    """
    paths = ", ".join(_itself(str(file)) for file in files)
    return f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"


def _itself(path: str) -> str:
    return literal(_PATTERN.sub(lambda found: f"[{found.group()}]", path))
