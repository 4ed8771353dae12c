"""Fixtures of this area: a source that trusts the test provider, and one call that admits and looks what was left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.openpgp import NAME, NOW, Keys

from cuadre.config import Source, load_source
from cuadre.model.records import Admission
from cuadre.pipeline.admit import admit

EXAMPLE = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"


@pytest.fixture
def source(pgp_keys: Keys) -> Source:
    return load_source(EXAMPLE).model_copy(
        update={"trust": pgp_keys.trust("sender", "outdated", "revoked", "short", "rsa", "dsa")}
    )


@pytest.fixture
def admitting(pgp_keys: Keys, source: Source, tmp_path: Path) -> Callable[..., Admission]:
    """Admit the bytes of a message; afterwards nothing but `out` may be left of it, and that only when admitted."""

    def run(
        message: bytes, *, name: str = NAME, now: datetime = NOW, source: Source = source, **more: Any
    ) -> Admission:
        archive = tmp_path / "incoming" / name
        archive.parent.mkdir(exist_ok=True)
        archive.write_bytes(message)
        out = tmp_path / "lake" / "out"
        admission = admit(archive, source, keyring=pgp_keys.ours.home, out=out, now=now, **more)
        left = [path.name for path in (tmp_path / "lake").iterdir()]
        assert left == (["out"] if admission.verdict == "admitted" else [])
        return admission

    return run
