"""How a provider names its archives: the `pattern` of a source file, for writing names and for reading them.

What a name must agree with, once its archive is open, is said in `cuadre.pipeline.naming`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from string import Formatter

TOKENS = ("merchant", "date", "seq", "parts")
_SHAPES = {"merchant": "[A-Za-z0-9]+?", "seq": "[0-9]{1,4}", "parts": "[0-9]{1,4}"}
_DIRECTIVES = {"%Y": 4, "%y": 2, "%m": 2, "%d": 2, "%j": 3}
"""What the format of a date may use, and how many digits each takes: nothing that depends on a language."""
SIGNATURE_SUFFIXES = (".sig", ".asc")
"""What the name of a detached signature has behind the name of its archive: binary, and armoured."""
_PLAIN = re.compile(r"[A-Za-z0-9._-]*")
_ALLOWED = "allowed are {merchant}, {date:...}, {seq} and {parts}"
_BRACES = f"braces stand around tokens only; {_ALLOWED}"
_DAYS = (date(2031, 11, 9), date(2032, 2, 29))
"""A format that gives both of these back names one day."""


@dataclass(frozen=True, slots=True)
class ArchiveName:
    """What the name of an archive says; None where the pattern has no such token."""

    day: date
    merchant: str | None
    part: int | None
    parts: int | None


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A file name with {date:...}, and {merchant}, {seq} and {parts} where the provider has them.

    Raises:
        ValueError: names of one day cannot be told from those of every other, or parts cannot be counted.
    """

    text: str

    def __post_init__(self) -> None:
        pieces = _pieces(self.text)
        _check_tokens([token for _, token, _ in pieces if token])
        _check_plain_text(pieces)
        _check_date_format(self._date_format)

    @property
    def suffix(self) -> str:
        """What all names end with, from the first dot behind the last token: `.zip.pgp`."""
        ending = self.text.rpartition("}")[2]
        return ending[ending.find(".") :] if "." in ending else ""

    def name_of(self, merchant: str, day: date, part: int = 1, parts: int = 1) -> str:
        """The name of one part of a day's archives."""
        return self.text.format(merchant=merchant, date=day, seq=f"{part:02d}", parts=f"{parts:02d}")

    def read(self, name: str, *, merchant: str | None = None, day: date | None = None) -> ArchiveName | None:
        """What `name` says; None when it does not follow the pattern, or is not of `merchant` and `day` when given."""
        shapes = _SHAPES | {"date": _digits(self._date_format)}
        if merchant is not None:
            shapes["merchant"] = re.escape(merchant)
        if day is not None:
            shapes["date"] = re.escape(day.strftime(self._date_format))
        groups = {token: f"(?P<{token}>{shape})" for token, shape in shapes.items()}
        regex = "".join(re.escape(plain) + groups.get(token, "") for plain, token, _ in _pieces(self.text))
        found = re.fullmatch(regex, name)
        if found is None:
            return None
        said = found.groupdict()
        try:
            named = _day(said["date"], self._date_format)
        except ValueError:  # digits that are no date
            return None
        part, parts = (int(said[token]) if token in said else None for token in ("seq", "parts"))
        return ArchiveName(named, said.get("merchant"), part, parts)

    @property
    def _date_format(self) -> str:
        return {token: form for _, token, form in _pieces(self.text)}["date"]


def _pieces(text: str) -> list[tuple[str, str, str]]:
    """Plain text, the token behind it, and the token's format; the last two are empty where there is none."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        raise ValueError(_BRACES) from None
    if any(token == "" or conversion for _, token, _, conversion in parsed):
        raise ValueError(_BRACES)
    return [(plain, token or "", form or "") for plain, token, form, _ in parsed]


def _check_tokens(tokens: list[str]) -> None:
    if strangers := sorted(set(tokens) - set(TOKENS)):
        raise ValueError(f"unknown token {{{strangers[0]}}}; {_ALLOWED}")
    if twice := sorted(token for token in set(tokens) if tokens.count(token) > 1):
        raise ValueError(f"{{{twice[0]}}} is here {tokens.count(twice[0])} times; use each token once")
    if "date" not in tokens:
        raise ValueError("the pattern must name the day, as {date:%Y%m%d}")
    if ("seq" in tokens) != ("parts" in tokens):
        raise ValueError("{seq} and {parts} go together: a day is complete when part n of n is there")


def _check_plain_text(pieces: list[tuple[str, str, str]]) -> None:
    if not all(_PLAIN.fullmatch(plain) for plain, _, _ in pieces):
        raise ValueError("beside its tokens a file name has only letters, digits, dots, dashes and underscores")
    for (_, before, _), (plain, token, _) in pairwise(pieces):
        if before and token and not plain:
            raise ValueError(f"put something between {{{before}}} and {{{token}}}, such as a dash")
    if formed := [token for _, token, form in pieces if form and token != "date"]:  # noqa: S105  a piece of a name
        raise ValueError(f"{{{formed[0]}}} takes no format; {_ALLOWED}")


def _check_date_format(form: str) -> None:
    allowed = f"use {', '.join(_DIRECTIVES)}, as in {{date:%Y%m%d}}"
    if not _PLAIN.fullmatch(re.sub("|".join(_DIRECTIVES), "", form)):
        raise ValueError(f"{{date:{form}}} cannot be read; {allowed}")
    if any(form.count(directive) > 1 for directive in _DIRECTIVES) or not all(_gives_back(form, day) for day in _DAYS):
        raise ValueError(f"{{date:{form}}} does not name one day; {allowed}")


def _gives_back(form: str, day: date) -> bool:
    try:
        return _day(day.strftime(form), form) == day
    except ValueError:  # 29 February of no year
        return False


def _day(text: str, form: str) -> date:
    return datetime.strptime(text, form).date()  # noqa: DTZ007  a day, not an instant


def _digits(form: str) -> str:
    """A regular expression for a date written as `form` says."""
    shape = re.escape(form)
    for directive, count in _DIRECTIVES.items():
        shape = shape.replace(re.escape(directive), f"[0-9]{{{count}}}")
    return shape
