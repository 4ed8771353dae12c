"""Whose key signs receipts, by the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from cuadre.config.settings import Operator, operator, settings
from cuadre.config.source import SecretReference, Source
from cuadre.evidence.versions import NO_RULES, made_by
from cuadre.model.errors import ConfigurationError
from tests.matching.tiny import SOURCE

KEY = "0123456789ABCDEF0123456789ABCDEF01234567"
NAMED = {"CUADRE_OPERATOR_KEYRING": "/keys", "CUADRE_OPERATOR_KEY": KEY}


def test_an_environment_that_names_nobody_has_no_operator() -> None:
    assert operator({}) is None
    assert settings({"CUADRE_STORE": "/store"}).operator is None


def test_a_fingerprint_may_be_written_as_gpg_shows_it() -> None:
    spaced = "0123 4567 89ab cdef 0123  4567 89AB CDEF 0123 4567"
    assert operator(NAMED | {"CUADRE_OPERATOR_KEY": spaced}) == Operator(Path("/keys"), KEY)


def test_the_passphrase_is_referred_to_and_never_held() -> None:
    held = operator(NAMED | {"CUADRE_OPERATOR_PASSPHRASE": "open sesame"})
    assert held == Operator(Path("/keys"), KEY, SecretReference(env="CUADRE_OPERATOR_PASSPHRASE"))
    assert "sesame" not in repr(held)
    filed = operator(NAMED | {"CUADRE_OPERATOR_PASSPHRASE_FILE": "/run/secret"})
    assert filed == Operator(Path("/keys"), KEY, SecretReference(file="/run/secret"))


@pytest.mark.parametrize(
    "environment",
    [{"CUADRE_OPERATOR_KEYRING": "/keys"}, {"CUADRE_OPERATOR_KEY": KEY}, NAMED | {"CUADRE_OPERATOR_KEY": KEY[1:]}],
)
def test_half_an_operator_is_a_mistake(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="Set both"):
        operator(environment)


def test_every_section_that_decides_on_outcomes_is_among_the_rules_a_receipt_stands_for() -> None:
    assert set(Source.model_fields) >= NO_RULES
    data = SOURCE.model_dump(mode="json")
    told = SOURCE.model_validate(data | {"description": "Another shop"})
    ruled = SOURCE.model_validate(data | {"matching": {"passes": ["psp_reference"]}})
    assert made_by(SOURCE).rules == made_by(told).rules != made_by(ruled).rules
