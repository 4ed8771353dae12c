"""What one settlement day's rows are made of: files and records, handed to publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cuadre.model.records import Admission, CheckReport


@dataclass(frozen=True, slots=True)
class AdmissionRow:
    """One archive seen for the day: what admission said, the name it came under, and when (UTC)."""

    admission: Admission
    file_name: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class DayFiles:
    """One settlement day, ready to be published.

    Attributes:
        settlement_date: The day.
        as_of: The moment it was judged at.
        lines: Parquet files of the day's admitted lines, columns as `LINES`; none on a day without lines.
        outcomes: Parquet, columns as `OUTCOMES`.
        open_items_before: The open items the day began with, columns as `OPEN_ITEMS`; None on a first day.
        open_items: The open items the day left; they give orders without a line their provider's reference.
        bank_matches: Parquet, columns as `BANK_MATCHES`; None when the source has no bank table: not compared then.
        orders: The order snapshot, columns as `ORDERS`; None when breaks are not to be grouped by merchant.
        suggestions: What open lines may mean, columns as `SUGGESTIONS`; None when nothing was suggested.
        snapshot_hash: SHA-256 of the order snapshot.
        admissions: The archives seen for the day, refused ones too.
        check: What the expectations said; None when they were not run.
        checked_at: When they were run; None stands for the moment of publication.
    """

    settlement_date: date
    as_of: datetime
    lines: tuple[Path, ...]
    outcomes: Path
    open_items_before: Path | None
    snapshot_hash: str
    bank_matches: Path | None = None
    open_items: Path | None = None
    orders: Path | None = None
    suggestions: Path | None = None
    admissions: tuple[AdmissionRow, ...] = ()
    check: CheckReport | None = None
    checked_at: datetime | None = None
