"""The receipt of one published day: everything it was made of and everything that came out, by hash and by sum.

Written as canonical JSON, so that the same receipt is always the same bytes; signed beside it, never inside. What lives
here is the value and its text. Making one is the pipeline's business, checking one is in `links.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from cuadre.evidence.entry import Head, canonical
from cuadre.model.errors import ReceiptInvalid
from cuadre.model.records import Totals, from_json, to_json

SIGNATURE_SUFFIX = ".asc"
"""A receipt's detached signature is beside it, under its name and this."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the store: key, SHA-256 and bytes."""

    key: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive the day was read from: its ciphertext, who signed it and when, and how many lines it brought."""

    name: str
    part: int
    file: File
    signature: File | None
    shape: str
    signer: str | None
    signed_at: datetime | None
    lines: int


@dataclass(frozen=True, slots=True)
class OutcomeSum:
    """Rows, money (absolute) and money at risk of one outcome and currency."""

    outcome: str
    currency: str
    count: int
    money: Decimal
    at_risk: Decimal


@dataclass(frozen=True, slots=True)
class Made:
    """By what the day was made: version, SHA-256 of the code, and of the rules (SQL models and the source's own)."""

    version: str
    code: str
    rules: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One publication of one settlement day.

    `snapshots` are what it was judged on besides the lines, `results` what came out, both by name. `totals` are the
    lines by currency. `marts` are the control sums that were read back before the commit, by mart and currency ('' for
    a mart without one). `journal` is the newest record when the receipt was written, after the publication's own.
    """

    source: str
    settlement_date: date
    as_of: datetime
    published_at: datetime
    profile: str
    run: str
    made: Made
    archives: tuple[Archive, ...]
    lines: tuple[File, ...]
    totals: dict[str, Totals]
    snapshots: dict[str, File]
    results: dict[str, File]
    outcomes: tuple[OutcomeSum, ...]
    marts: dict[str, dict[str, dict[str, Decimal]]]
    mart_hash: str
    journal: Head
    receipt: Literal["cuadre/1"] = "cuadre/1"

    @property
    def content(self) -> bytes:
        """Its one text: a line of canonical JSON."""
        return canonical(to_json(self)) + b"\n"


def read_receipt(content: bytes) -> Receipt:
    """The receipt that `content` is the text of; ReceiptInvalid when it is none, or not written canonically."""
    try:
        receipt = from_json(Receipt, json.loads(content))
    except (ValueError, RecursionError):
        raise ReceiptInvalid("This is no receipt, or one that was damaged.") from None
    if receipt.content != content:
        raise ReceiptInvalid("This is not written as receipts are: something was added, or it was written anew.")
    return receipt
