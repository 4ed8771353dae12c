"""The kinds of value a source file may hold: names, money, zones, times of day, name patterns; and what they refuse.

Which key takes which is said in `source.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from cuadre.config.naming import NamePattern
from cuadre.model.openpgp import CIPHERS, DIGESTS, PUBLIC_KEYS

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,62}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{40}$")]
Channel = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9 _.-]{0,63})$")]
Money = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=9, decimal_places=6)]
Rate = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
TableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]

_DAILY = re.compile(r"[0-5]?[0-9] ([01]?[0-9]|2[0-3]) \* \* \*")
_TIME_OF_DAY = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")

_zones = cache(available_timezones)  # each call walks the whole zone database


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"unknown time zone {name!r}; use an IANA name such as America/Lima")
    return name


def _time_of_day(given: object) -> object:
    """YAML reads a bare 10:00 as the number 600; taken as a time that would be ten past midnight, UTC."""
    if isinstance(given, time) and given.tzinfo is None:
        return given
    if not isinstance(given, str) or not _TIME_OF_DAY.fullmatch(given):
        raise ValueError('write a local time of day in quotes, as in "10:00", without a zone')
    return given


def _daily_cron(text: str) -> str:
    if not _DAILY.fullmatch(text):
        raise ValueError("write the minute and the hour of every day, as in 0 4 * * *: each run is for the day before")
    return text


def _readable_pattern(text: str) -> str:
    return NamePattern(text).text


def _not_broken(digest: str) -> str:
    if digest == "MD5":
        raise ValueError("MD5 cannot be allowed: GnuPG itself refuses signatures over it, since they are easily forged")
    return digest


def _known_in(algorithms: Mapping[int, str]) -> AfterValidator:
    """Refuses a name that is not among `algorithms`."""

    def known(name: str) -> str:
        if name not in algorithms.values():
            raise ValueError(f"unknown algorithm {name!r}; known are {', '.join(dict.fromkeys(algorithms.values()))}")
        return name

    return AfterValidator(known)


Zone = Annotated[str, AfterValidator(_known_zone)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Cron = Annotated[str, AfterValidator(_daily_cron)]
Pattern = Annotated[str, AfterValidator(_readable_pattern)]
Digest = Annotated[str, _known_in(DIGESTS), AfterValidator(_not_broken)]
Cipher = Annotated[str, _known_in(CIPHERS)]
PublicKey = Annotated[str, _known_in(PUBLIC_KEYS)]
Duration = Annotated[timedelta, Field(ge=timedelta(seconds=1))]
