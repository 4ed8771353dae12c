"""The days before a day: what they cleared or gave back, and which of them tell of the older of its records.

One record has one claim, however long ago. The days in reach are taken over whole. What days before them claim is
searched for a record first heard of before the reach begins, and handed on from then on, so that without such records
no file of these days is opened. What does not live here: how claims are read and written (`claims.py`), and which day
has to run again (`carried.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from cuadre.config.source import Source
from cuadre.pipeline.lake import Lake

CLAIMS_DAYS = 35
"""At least so many days are looked back for whatever was cleared or given back; before them, for old records only."""

KNOWN_CLAIMS, KNOWN_RECORDS = "known_claims", "known_records"
"""The files in which a day hands on what it knows of older orders and lines, and which of them that is all of."""

HANDED_ON = (KNOWN_CLAIMS, KNOWN_RECORDS)
"""Both, as the next day looks for them."""

_CLOCKS = timedelta(days=1)
"""So much may a shop's and a provider's idea of a day differ, around midnight."""

FileOf = Callable[[date, str], Path | None]
"""Where the file of some name that an earlier day left is; None when it left none."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The files that say what earlier days cleared or gave back: their `outcomes`, and `claims` of days before them.

    `since` is the day from which on days out of reach were searched; None when they were not.
    """

    outcomes: tuple[Path, ...]
    claims: tuple[Path, ...] = ()
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What came before `day` in a source: where its files are says `left`, and what is made of them goes to `room`."""

    lake: Lake
    source: Source
    day: date
    room: Path
    left: FileOf

    def recent(self) -> Earlier:
        """The outcomes of the days in reach, and what the last of them knew of claims of older ones."""
        outcomes = self._outcomes(in_reach(self.lake, self.source, self.day))
        known = self._handed_on(KNOWN_CLAIMS)
        if known is None:
            return Earlier(outcomes)
        from cuadre.pipeline.claims import write_known_before

        out = self.room / "known_before.parquet"
        write_known_before(known, out, _reach(self.source, self.day))
        return Earlier(outcomes, (out,))

    def with_older(self, recent: Earlier, lines: Sequence[Path], orders: Path, open_items: Path | None) -> Earlier:
        """Add to `recent` what days out of reach claim of old records, and leave what is known for the next day.

        Args:
            recent: What `recent` gave.
            lines: The lines of the day.
            orders: The snapshot of the day.
            open_items: What the day before left.
        """
        import pyarrow.parquet as pq

        from cuadre.pipeline.claims import old_records, without_known, write_known, write_older_claims

        claims, since, reach = recent.claims, None, _reach(self.source, self.day)
        old = old_records(lines, orders, open_items, self._midnight(reach + _CLOCKS), self.room)
        if len(old) and (known := self._handed_on(KNOWN_RECORDS)):
            old = without_known(old, known, self.room)
        if len(old):
            since = min(old["begun"].to_pylist()).astimezone(self.source.zone).date() - _CLOCKS
            if older := self._outcomes(out_of_reach(self.lake, self.source, self.day, since)):
                claims = (*claims, self.room / "older_claims.parquet")
                write_older_claims(older, claims[-1], old)
        # Where settling takes long, every line of a day is older than the look-back; few are as old as half the reach.
        known_from, lines_from = self.day - _look_back(self.source), reach + (self.day - reach) / 2
        wanted = old_records(
            lines, orders, open_items, self._midnight(known_from), self.room, lines_before=self._midnight(lines_from)
        )
        pq.write_table(wanted, self.room / f"{KNOWN_RECORDS}.parquet")
        write_known(recent.outcomes, claims, self.room / f"{KNOWN_CLAIMS}.parquet", wanted, open_items)
        return Earlier(recent.outcomes, claims, since)

    def _outcomes(self, days: Sequence[date]) -> tuple[Path, ...]:
        return tuple(path for each in days if (path := self.left(each, "outcomes")))

    def _handed_on(self, name: str) -> Path | None:
        """What the last day in reach handed on; None when there is none."""
        days = in_reach(self.lake, self.source, self.day)
        return self.left(days[-1], name) if days else None

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.source.zone)


def in_reach(lake: Lake, source: Source, day: date) -> list[date]:
    """The reconciled days before `day` that count for all its records, in order."""
    return [each for each in lake.days() if _reach(source, day) <= each < day]


def out_of_reach(lake: Lake, source: Source, day: date, since: date | None) -> list[date]:
    """The reconciled days from `since` on that count for old records of `day` only, in order; none without `since`."""
    return [each for each in lake.days() if since and since <= each < _reach(source, day)]


def _reach(source: Source, day: date) -> date:
    """The first day whose cleared orders are used up on `day`, whatever the order."""
    lag = source.settlement.in_hand_on(day) - day
    return day - max(timedelta(days=CLAIMS_DAYS), _look_back(source) + lag + _CLOCKS)


def _look_back(source: Source) -> timedelta:
    return timedelta(days=source.orders.lookback_days)
