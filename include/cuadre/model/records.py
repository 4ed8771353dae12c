"""Small JSON-safe records that steps hand on: ids, counts, sums, verdicts; never lines.

Frozen dataclasses inside the product; `to_json` and `from_json` are the only way to and from a dict, used at the
edges (command line, XCom, journal). Money is Decimal inside and text in JSON, instants are UTC.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, TypeVar, cast

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter

from cuadre.model.codes import CheckSeverity, IncidentKind, IncidentState, Verdict

Record = TypeVar("Record")

KindByName = Annotated[
    IncidentKind,
    BeforeValidator(lambda kind: IncidentKind[kind] if isinstance(kind, str) else kind),
    PlainSerializer(lambda kind: kind.name),
]
"""An incident kind, written in JSON as its code."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Control totals of one currency: number of lines and sums, exact."""

    count: int
    gross: Decimal
    fee: Decimal
    tax: Decimal
    net: Decimal

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.count + other.count,
            self.gross + other.gross,
            self.fee + other.fee,
            self.tax + other.tax,
            self.net + other.net,
        )


@dataclass(frozen=True, slots=True)
class FetchedArchive:
    """One ciphertext kept in the store.

    `archive_id` is its SHA-256, `key` its place in the store, `signature_key` the place of a detached signature.
    """

    source: str
    settlement_date: date
    name: str
    archive_id: str
    bytes: int
    key: str
    part: int
    parts: int
    signature_key: str | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """What admission says of one archive: the product's published record.

    `bytes` of ciphertext; `members` names in the ZIP; `lines` admitted; `quarantined` lines that were typed but not
    promoted; `totals` by currency over all body records.
    """

    verdict: Verdict
    reason: str | None
    detail: str | None
    archive_id: str
    bytes: int
    shape: str
    signer: str | None = None
    signed_at: datetime | None = None
    members: tuple[str, ...] = ()
    lines: int = 0
    quarantined: int = 0
    totals: dict[str, Totals] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One expectation: `rows` looked at, `unexpected` rows that broke it, and up to a few keys (archive:line)."""

    check_name: str
    severity: CheckSeverity
    success: bool
    rows: int
    unexpected: int
    doc: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All expectations of one day. `passed` is the gate: no critical expectation failed."""

    source: str
    settlement_date: date
    passed: bool
    results: tuple[CheckResult, ...]
    data_docs: str | None = None

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """Expectations that did not hold, critical first."""
        return tuple(sorted((r for r in self.results if not r.success), key=lambda r: (r.severity.value, r.check_name)))


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong, or notable, on an outcome: a ReasonCode, and what was expected against what was got."""

    code: str
    field: str | None
    expected: str | None
    got: str | None
    delta: Decimal | None


@dataclass(frozen=True, slots=True)
class OutcomeTotal:
    """How many rows and how much money (absolute, in `currency`) ended in one outcome.

    `carried` of the rows, with `carried_at_risk` of the money at risk, were breaks already when the day began.
    """

    outcome: str
    currency: str
    count: int
    money: Decimal
    at_risk: Decimal
    carried: int = 0
    carried_at_risk: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What reconcile found. `breaks` counts rows; hashes are SHA-256 of the files named; suggestions close nothing.

    `batches` counts those held against the bank by BatchStatus; empty where bank credits are not compared.
    """

    source: str
    settlement_date: date
    as_of: datetime
    lines: int
    items: int
    breaks: int
    open_items: int
    outcomes: tuple[OutcomeTotal, ...]
    outcomes_path: str
    open_items_path: str
    outcome_hash: str
    snapshot_hash: str
    batches: dict[str, int] = field(default_factory=dict)
    bank_matches_path: str | None = None
    suggestions: int = 0
    suggestions_path: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """What publish committed: rows by mart, and whether anything changed against what was there.

    `control_sums` are what was read back before the commit, by mart, currency ('' without one) and column.
    """

    source: str
    settlement_date: date
    changed: bool
    rows: dict[str, int]
    mart_hash: str
    published_at: datetime
    control_sums: dict[str, dict[str, dict[str, Decimal]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """Trouble of one day, before it becomes an incident. `money` is by currency, `keys` are ids, never plaintext."""

    kind: KindByName
    cause: str
    count: int = 1
    money: dict[str, Decimal] = field(default_factory=dict)
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as it stands; see the registry for the meaning of each field."""

    incident_id: str
    source: str
    settlement_date: date
    kind: KindByName
    state: IncidentState
    title: str
    cause: str
    count: int
    money: str | None
    keys: str | None
    runbook: str
    opened_at: datetime
    updated_at: datetime
    recovered_at: datetime | None
    times: int


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_json(record: Any) -> dict[str, Any]:
    """The record as a JSON-safe dict: Decimal, dates and enums as text."""
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        raise TypeError(f"not a record: {type(record).__name__}")
    dumped: dict[str, Any] = _adapter(type(record)).dump_python(record, mode="json")
    return dumped


def from_json(kind: type[Record], data: dict[str, Any]) -> Record:
    """A record of `kind` from what `to_json` made; pydantic.ValidationError when it does not fit."""
    record: Record = _adapter(cast("Hashable", kind)).validate_python(data)
    return record
