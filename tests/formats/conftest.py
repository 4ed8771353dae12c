"""Fixtures of this area: type the text of a member without any archive around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.openpgp import csv_text

from cuadre.config import Source, load_source
from cuadre.formats import TypedMember, read_head, type_body

ARCHIVE_ID = "ab" * 32


@pytest.fixture
def source() -> Source:
    return load_source(Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml")


@pytest.fixture
def typing(source: Source, tmp_path: Path) -> Callable[..., TypedMember]:
    """Type a member's bytes, arriving in pieces of `step`, cut into blocks of `block` bytes, and check its `totals`."""

    def run(
        text: str | bytes | None = None,
        *,
        step: int = 1000,
        block: int = 1 << 20,
        into: str = "",
        totals: bool = True,
    ) -> TypedMember:
        data = csv_text() if text is None else text
        data = data.encode() if isinstance(data, str) else data
        folder = tmp_path / into
        folder.mkdir(exist_ok=True)
        chunks = (data[i : i + step] for i in range(0, len(data), step))
        head = read_head(chunks, source, block_bytes=block)
        typed = type_body(head, source, archive_id=ARCHIVE_ID, folder=folder)
        if totals:
            typed.check_totals()
        return typed

    return run
