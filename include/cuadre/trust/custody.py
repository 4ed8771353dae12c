"""What somebody should do about a source's keys: which end soon, are due for rotation, are missing, or are revoked.

The key lines of the source are held against its key ring; nothing is changed, and no message is judged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cuadre.config.trust import Trust, TrustedKey
from cuadre.trust.keyring import list_keys
from cuadre.trust.listing import Key

NEED = {"signer": "s", "decryption": "e"}
"""What a key must be able to do in each role, by GnuPG's letter."""

_CALLED = {"signer": "provider's signing key", "decryption": "decryption key of ours"}


class Severity(StrEnum):
    """How soon something must be done: `info` is for the record, the others are due."""

    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


STAGES = ((3, Severity.CRITICAL), (14, Severity.WARNING), (45, Severity.NOTICE))
"""So many days before it is due, or fewer, it is as severe as this."""


@dataclass(frozen=True, slots=True)
class KeyWarning:
    """One thing to do about one key.

    `fingerprint` is the primary one, empty when the trouble is that there is none. `due` is the day it is, or was, due
    on, `days_left` the days until then, negative when over. `sentence` stays the same until `severity` changes.
    """

    severity: Severity
    due: date
    days_left: int
    role: str
    fingerprint: str
    sentence: str


def check_keys(home: Path, trust: Trust, now: datetime) -> tuple[KeyWarning, ...]:
    """What is to be done about the keys of `trust` in the GnuPG home `home`, most severe first.

    Raises:
        ConfigurationError: `home` is not a GnuPG home.
    """
    return warnings_of(list_keys(home), trust, now.astimezone(UTC).date())


def warnings_of(keys: Sequence[Key], trust: Trust, today: date) -> tuple[KeyWarning, ...]:
    """`check_keys` of a key ring already listed."""
    found = [warning for line in trust.keys for warning in _of_line(line, keys, trust, today)]
    for role, lines in (("signer", trust.signers), ("decryption", trust.decryption_keys)):
        found += _of_role(role, lines, keys, trust, today)
    found += _unnamed(keys, trust, today)
    severities = list(Severity)
    return tuple(sorted(found, key=lambda each: (-severities.index(each.severity), each.due, each.fingerprint)))


def _of_line(line: TrustedKey, keys: Sequence[Key], trust: Trust, today: date) -> Iterator[KeyWarning]:
    called, ring = _CALLED[line.role], _in_ring(line, keys)
    if not ring:
        kept = "Archives of its time cannot be verified or opened." if _given_up(line) else "Import it."
        severity = Severity.WARNING if _given_up(line) else Severity.CRITICAL
        yield _warning(line, severity, line.valid_from, today, f"The {called} is not in the key ring. {kept}")
        return
    if line.compromised and line.retired is None:
        sentence = f"The {called} is compromised but has no last day. Name its successor, then its last day, `retired`."
        yield _warning(line, Severity.CRITICAL, line.valid_from, today, sentence)
    revoked = next((key.revocation for key in ring if key.revocation), None)
    if revoked and not _given_up(line):
        sentence = (
            f"The {called} is revoked. Ask its owner why; then name it `compromised`, or its last day, `retired`."
        )
        yield _warning(line, Severity.CRITICAL, revoked.made_at.date(), today, sentence)
    end = _end(line, keys)
    stage = None if end is None else _stage(end, today)
    if end and stage and _in_service(line, keys) and not _outlasted(line, max(end, today), keys, trust):
        sentence = f"The {called} ends on {end}, and no other is named that lasts longer. Arrange its successor."
        yield _warning(line, stage, end, today, sentence)


def _of_role(
    role: str, lines: Sequence[TrustedKey], keys: Sequence[Key], trust: Trust, today: date
) -> Iterator[KeyWarning]:
    """The next rotation of a role, or that nobody is left in it."""
    serving = [line for line in lines if _in_service(line, keys)]
    if not serving:
        due = max((line.last_day or line.valid_from for line in lines), default=_first_day(trust))
        sentence = f"No {_CALLED[role]} is named that is in service: its end and its rotation cannot be watched."
        yield KeyWarning(Severity.WARNING, due, (due - today).days, role, "", sentence)
        return
    newest = max(serving, key=lambda line: line.valid_from)
    due = newest.valid_from + trust.rotation
    severity = _stage(due, today)
    if severity:
        sentence = f"The {_CALLED[role]} is due for rotation on {due}, {trust.rotation.days} days after its first."
        yield _warning(newest, severity, due, today, sentence)


def _unnamed(keys: Sequence[Key], trust: Trust, today: date) -> Iterator[KeyWarning]:
    named = {line.fingerprint for line in trust.keys}
    for key in keys:
        if key.fingerprint == key.primary and key.fingerprint not in named:
            made, sentence = (
                key.created.date(),
                "In the key ring, but this source does not name it: it counts for nothing.",
            )
            yield KeyWarning(Severity.INFO, made, (made - today).days, "", key.fingerprint, sentence)


def _in_ring(line: TrustedKey, keys: Sequence[Key]) -> list[Key]:
    """The keys behind a line that can do what it is there for, revoked or not; of our own only the secret ones."""
    able = [key for key in keys if key.primary == line.fingerprint and NEED[line.role] in key.capabilities]
    return [key for key in able if key.secret] if line.role == "decryption" else able


def _end(line: TrustedKey, keys: Sequence[Key]) -> date | None:
    """The last day on which the line's key can be used; None when there is none."""
    ring = _in_ring(line, keys)
    primary = [key.expires for key in keys if key.fingerprint == line.fingerprint]
    able = [key.expires for key in ring]
    latest = None if None in able or not able else max(filter(None, able))
    ends = [end.date() for end in (latest, *primary) if end is not None]
    return min([*ends, *filter(None, [line.last_day])], default=None)


def _in_service(line: TrustedKey, keys: Sequence[Key]) -> bool:
    """Whether new archives may be made with it, now or soon."""
    return not _given_up(line) and any(not key.revoked for key in _in_ring(line, keys))


def _given_up(line: TrustedKey) -> bool:
    return line.compromised or line.retired is not None


def _outlasted(line: TrustedKey, end: date, keys: Sequence[Key], trust: Trust) -> bool:
    """Whether another key in the same role is there on the day `end` or the next, and stays longer."""
    others: Iterable[TrustedKey] = (
        other for other in trust.keys if other.role == line.role and other != line and _in_service(other, keys)
    )
    ends = [_end(other, keys) for other in others if other.valid_from <= end + timedelta(days=1)]
    return any(other is None or other > end for other in ends)


def _stage(due: date, today: date) -> Severity | None:
    left = (due - today).days
    return next((severity for days, severity in STAGES if left <= days), None)


def _warning(line: TrustedKey, severity: Severity, due: date, today: date, sentence: str) -> KeyWarning:
    return KeyWarning(severity, due, (due - today).days, line.role, line.fingerprint, sentence)


def _first_day(trust: Trust) -> date:
    return min(line.valid_from for line in trust.keys)
