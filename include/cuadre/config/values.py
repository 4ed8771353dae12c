"""The kinds of value a source file may hold: names, money, zones, times of day, name patterns; and what they refuse.

Which key takes which is said in `source.py`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,62}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{40}$")]
Channel = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9 _.-]{0,63})$")]
Money = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=9, decimal_places=6)]
TableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]

TOKEN = re.compile(r"\{(merchant|seq|parts|date:([^}]+))\}")
"""What a name pattern may hold; the format of the date is its second group."""

_TIME_OF_DAY = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"unknown time zone {name!r}; use an IANA name such as America/Lima")
    return name


def _time_of_day(given: object) -> object:
    """YAML reads a bare 10:00 as the number 600; taken as a time that would be ten past midnight, UTC."""
    if isinstance(given, time) and given.tzinfo is None:
        return given
    if not isinstance(given, str) or not _TIME_OF_DAY.fullmatch(given):
        raise ValueError('write a local time of day in quotes, as in "10:00", without a zone')
    return given


def _known_cron(text: str) -> str:
    from croniter import croniter  # only here: most imports of this module validate nothing

    if len(text.split()) != 5 or not croniter.is_valid(text):
        raise ValueError("write five cron fields, as in 0 4 * * *")
    return text


def _known_pattern(pattern: str) -> str:
    """Names of one day must be told from those of every other, and parts be counted."""
    tokens = [found.group(1) for found in TOKEN.finditer(pattern)]
    dates = [found.group(2) for found in TOKEN.finditer(pattern) if found.group(2)]
    if not dates:
        raise ValueError("the pattern must name the day, as {date:%Y%m%d}")
    if len(set(tokens)) != len(tokens) or len(dates) > 1 or set(TOKEN.sub("", pattern)) & set("{}/"):
        raise ValueError("a file name with each of {merchant}, {date:...}, {seq} and {parts} at most once")
    if ("seq" in tokens) != ("parts" in tokens):
        raise ValueError("{seq} and {parts} go together: a day is complete when part n of n is there")
    for day in (date(2031, 11, 9), date(2032, 2, 29)):
        if datetime.strptime(day.strftime(dates[0]), dates[0]).date() != day:  # noqa: DTZ007  a day, not an instant
            raise ValueError(f"{dates[0]!r} does not name one day: give year, month and day")
    return pattern


Zone = Annotated[str, AfterValidator(_known_zone)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Cron = Annotated[str, AfterValidator(_known_cron)]
Pattern = Annotated[str, AfterValidator(_known_pattern)]
Duration = Annotated[timedelta, Field(ge=timedelta(seconds=1))]
