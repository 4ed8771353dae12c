"""Mistakes in the key lines of a source file: each is refused when the file is read, not when an archive comes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cuadre.config import Trust

KEY, OTHER = "0123456789ABCDEF0123456789ABCDEF01234567", "76543210FEDCBA9876543210FEDCBA9876543210"
SIGNER: dict[str, object] = {"role": "signer", "fingerprint": KEY, "valid_from": "2026-01-01"}
OURS: dict[str, object] = {"role": "decryption", "fingerprint": OTHER, "valid_from": "2026-01-01"}

MISTAKES: dict[str, list[dict[str, object]]] = {
    "small letters": [SIGNER | {"fingerprint": KEY.lower()}],
    "spaces, as gpg shows it": [SIGNER | {"fingerprint": " ".join(KEY[at : at + 4] for at in range(0, 40, 4))}],
    "a short id": [SIGNER | {"fingerprint": KEY[-16:]}],
    "a line end behind it": [SIGNER | {"fingerprint": KEY + "\n"}],
    "a window that ends before it begins": [SIGNER | {"valid_to": "2025-12-31"}],
    "retired before it began": [SIGNER | {"retired": "2025-12-31"}],
    "a role nobody knows": [SIGNER | {"role": "signers"}],
    "a word too many": [SIGNER | {"trusted": True}],
    "nobody who signs": [OURS],
    "one key as theirs and as ours": [SIGNER, OURS | {"fingerprint": KEY}],
}


def _trust(keys: list[dict[str, object]]) -> Trust:
    return Trust.model_validate({"keyring": {"folder": "/keys"}, "keys": keys})


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_keys_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="keys"):
        _trust(MISTAKES[name])


def test_a_signer_and_a_key_of_ours_are_taken() -> None:
    assert [key.fingerprint for key in _trust([SIGNER, OURS]).keys] == [KEY, OTHER]
