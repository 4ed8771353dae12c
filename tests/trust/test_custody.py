"""What must be done about keys, and when it is told; on a real key ring, and on keys as they are listed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.fixtures.openpgp import NOW

from cuadre.config import Trust
from cuadre.trust import Key, check_keys
from cuadre.trust.custody import Severity, warnings_of
from cuadre.trust.listing import Revocation

TODAY = date(2026, 6, 1)
MADE = datetime(2026, 1, 1, tzinfo=UTC)
ALICE, BOB, OURS, NEXT = (letter * 40 for letter in "ABCD")


def _key(primary: str, **changes: object) -> Key:
    given = {"fingerprint": primary, "primary": primary, "user_id": "", "algorithm": 22, "bits": 255, "created": MADE}
    ours = primary in (OURS, NEXT)
    given |= {"capabilities": "e" if ours else "s", "expires": None, "revocation": None, "secret": ours}
    return Key(**(given | changes))


def _line(fingerprint: str, **changes: object) -> dict[str, object]:
    role = "decryption" if fingerprint in (OURS, NEXT) else "signer"
    return {"role": role, "fingerprint": fingerprint, "valid_from": TODAY - timedelta(days=10), **changes}


def _told(lines: list[dict[str, object]], keys: list[Key], *, today: date = TODAY, **trust: object):
    """What is due, as (severity, due, role, days left), without what is only for the record."""
    given = Trust.model_validate({"keyring": {"folder": "x"}, "keys": lines, **trust})
    found = warnings_of(keys, given, today)
    return [(w.severity.value, w.due, w.role, w.days_left) for w in found if w.severity is not Severity.INFO]


def _in(days: int) -> date:
    return TODAY + timedelta(days=days)


QUIET = ([_line(ALICE), _line(OURS)], [_key(ALICE), _key(OURS)])


def test_nothing_is_due_when_all_keys_are_there_and_young() -> None:
    assert _told(*QUIET) == []


@pytest.mark.parametrize(
    ("days", "severity"),
    [(46, None), (45, "notice"), (15, "notice"), (14, "warning"), (4, "warning"), (3, "critical"), (-9, "critical")],
)
@pytest.mark.parametrize("ends", ["window", "key", "subkey of ours"])
def test_an_end_is_told_45_14_and_3_days_ahead_and_afterwards(days: int, severity: str | None, ends: str) -> None:
    expires = datetime.combine(_in(days), datetime.min.time(), UTC)
    until = {"valid_to": _in(days)} if ends == "window" else {}
    alice = _line(ALICE, valid_from=TODAY - timedelta(days=30), **until)
    ring = [_key(ALICE, expires=expires if ends == "key" else None)]
    ring += [_key(OURS, capabilities="c"), _key(OURS, fingerprint="9" * 40, expires=expires)]
    ring += [] if ends == "subkey of ours" else [_key(OURS)]
    role = "decryption" if ends == "subkey of ours" else "signer"
    expected = [(severity, _in(days), role, days)] if severity else []
    assert _told([alice, _line(OURS)], ring) == expected


@pytest.mark.parametrize(
    ("age", "severity"), [(44, None), (45, "notice"), (76, "warning"), (87, "critical"), (99, "critical")]
)
@pytest.mark.parametrize("role", ["signer", "decryption"])
def test_a_rotation_is_told_by_the_age_of_the_newest_key_of_a_role(age: int, severity: str | None, role: str) -> None:
    old, other = (ALICE, OURS) if role == "signer" else (OURS, ALICE)
    lines = [_line(old, valid_from=_in(-age)), _line(other)]
    expected = [(severity, _in(90 - age), role, 90 - age)] if severity else []
    assert _told(lines, QUIET[1]) == expected
    assert _told(lines, QUIET[1], rotation=timedelta(days=age + 46)) == []
    successor = BOB if role == "signer" else NEXT
    assert _told([*lines, _line(successor, valid_from=_in(5))], [*QUIET[1], _key(successor)]) == []


def test_an_end_is_not_told_once_a_successor_is_named_and_there() -> None:
    lines = [_line(ALICE, valid_to=_in(20)), _line(BOB, valid_from=_in(-5)), _line(OURS)]
    ring = [*QUIET[1], _key(BOB)]
    assert _told(lines, ring) == []
    assert _told(lines, ring, today=_in(30)) == []
    late = [lines[0], _line(BOB, valid_from=_in(22)), lines[2]]
    assert _told(late, ring) == [("notice", _in(20), "signer", 20)]
    assert _told(lines, QUIET[1]) == [
        ("critical", _in(-5), "signer", -5),  # the successor is not in the ring
        ("notice", _in(20), "signer", 20),
    ]


def test_a_key_that_is_missing_is_told_whatever_its_days() -> None:
    lines = [*QUIET[0], _line(BOB), _line(NEXT, valid_from=_in(-300), retired=_in(-200))]
    ring = [*QUIET[1], _key(NEXT, secret=False)]
    assert _told(lines, ring) == [
        ("critical", _in(-10), "signer", -10),
        ("warning", _in(-300), "decryption", -300),
    ]


def test_a_revoked_or_compromised_key_is_told_until_the_source_names_its_end() -> None:
    revoked = _key(BOB, revocation=Revocation(1, datetime(2026, 5, 20, tzinfo=UTC)))
    ring = [*QUIET[1], revoked]
    assert _told([*QUIET[0], _line(BOB)], ring) == [("critical", date(2026, 5, 20), "signer", -12)]
    assert _told([*QUIET[0], _line(BOB, retired=TODAY)], ring) == []
    assert _told([*QUIET[0], _line(BOB, compromised=True)], ring) == [("critical", _in(-10), "signer", -10)]
    assert _told([*QUIET[0], _line(BOB, compromised=True, retired=TODAY)], ring) == []


def test_a_role_with_nobody_left_in_it_is_told() -> None:
    assert _told(QUIET[0][:1], QUIET[1]) == [("warning", _in(-10), "decryption", -10)]
    assert _told([_line(ALICE, retired=_in(-1)), _line(OURS)], QUIET[1]) == [("warning", _in(-1), "signer", -1)]


def test_what_is_said_of_a_key_changes_with_the_stage_only() -> None:
    trust = Trust.model_validate({"keyring": {"folder": "x"}, "keys": [_line(ALICE, valid_to=_in(60)), _line(OURS)]})
    said = {}
    for day in range(15, 60):
        (warning,) = (each for each in warnings_of(QUIET[1], trust, _in(day)) if each.due == _in(60))
        said.setdefault((warning.severity, warning.sentence), []).append(60 - day)
    assert [max(days) for days in said.values()] == [45, 14, 3]


def test_a_real_key_ring_is_checked_with_its_expiry_revocations_and_secret_keys(pgp_keys) -> None:
    named = {
        "sender": "signer",
        "outdated": "signer",
        "revoked": "signer",
        "stranger": "signer",
        "receiver": "decryption",
    }
    trust = pgp_keys.trust(keys=tuple(pgp_keys.line(name, role=role) for name, role in named.items()))
    names = {fingerprint: name for name, fingerprint in pgp_keys.fingerprints.items()}
    found = [(names[w.fingerprint], w.severity.value) for w in check_keys(pgp_keys.ours.home, trust, NOW)]
    due = [(name, severity) for name, severity in found if severity != "info"]
    assert sorted(due) == [
        ("receiver", "notice"),  # 90 days after the first of January
        ("revoked", "critical"),
        ("sender", "notice"),
        ("stranger", "critical"),
    ]
    assert {name for name, severity in found if severity == "info"} == {"second", "short", "rsa", "dsa"}
