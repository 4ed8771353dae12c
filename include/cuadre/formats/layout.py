"""What a layout profile must say. A profile has a module of its own; how records become columns is in `records.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected
from cuadre.model.records import Totals

BLANKS = " \t"
"""Around a field they are layout, in every profile."""
CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself; `settlement_date` is the local day its period is."""

    merchant: str
    part: int
    parts: int
    settlement_date: date


class Layout(Protocol):
    """One versioned profile."""

    name: str
    columns: Mapping[str, str]
    """Name in the file by canonical name; every one of them is mandatory in the column record."""
    optional: Mapping[str, str]
    """The same of columns that go together: a file has all of them or none, and a record fills in all or none."""
    trailer_mark: bytes
    """How a trailer record begins; no body record begins so."""

    def read_header(self, record: str, zone: ZoneInfo) -> Header:
        """The header record."""

    def read_trailers(self, text: str) -> dict[str, Totals]:
        """The trailer records, by currency."""


def malformed(record: int, what: str) -> ArchiveRejected:
    """A refusal of body record `record` (from 1); `what` says which rule, never the content."""
    return ArchiveRejected(RejectionReason.LINES_MALFORMED, f"Record {record}: {what}")
