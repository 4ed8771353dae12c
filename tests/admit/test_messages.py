"""No message that breaks the acceptance rule is admitted; each is refused with its code and leaves nothing behind."""

from __future__ import annotations

import pytest
from tests.admit.hostile import GOOD, MESSAGES

from cuadre.model.codes import RejectionReason as Reason


def test_a_good_archive_is_admitted(admitting, pgp_keys) -> None:
    admission = admitting(pgp_keys.seal(GOOD))
    assert (admission.verdict, admission.reason, admission.lines) == ("admitted", None, 3)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_hostile_message_is_refused_with_its_code(name, admitting, pgp_keys) -> None:
    make, reason = MESSAGES[name]
    admission = admitting(make(pgp_keys))
    assert (admission.verdict, admission.reason) == ("rejected", reason.name)
    assert admission.detail
    assert admission.lines == 0


def test_every_openpgp_code_is_in_the_table() -> None:
    codes = list(Reason)
    openpgp = set(codes[: codes.index(Reason.TRUNCATED) + 1])
    assert {reason for _, reason in MESSAGES.values()} == openpgp
