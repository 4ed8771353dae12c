"""Business days: on which days money is settled, and how many of them lie between two dates.

Without a weekend and holidays every day is a business day.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from cuadre.config.references import Strict

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ONE = timedelta(days=1)


class Calendar(Strict):
    """On which days nothing is settled: the days of the `weekend`, and `holidays` by date."""

    weekend: Annotated[tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], Field(max_length=6)] = ()
    holidays: tuple[date, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether every day is a business day."""
        return not self.weekend and not self.holidays

    def is_open(self, day: date) -> bool:
        """Whether `day` is a business day."""
        return _DAYS[day.weekday()] not in self.weekend and day not in self.holidays

    def after(self, day: date, business_days: int) -> date:
        """The day `business_days` after `day`; for none of them `day` itself, or the first business day after it."""
        left = business_days
        while left > 0 or not self.is_open(day):
            day += _ONE
            left -= self.is_open(day)
        return day

    def days(self, first: date, last: date) -> list[tuple[date, int]]:
        """Every day from `first` to `last` with its number: the business days there were since `first`, itself too."""
        numbered, number, day = [], 0, first
        while day <= last:
            number += self.is_open(day)
            numbered.append((day, number))
            day += _ONE
        return numbered
