"""Rows of a sandbox day while it is made: numpy records in whole numbers, and the numbers that name things.

Money is cents, instants are epoch seconds, references are numbers; 0 stands for NULL. Text is made at the very end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from cuadre.model.codes import LineType, OrderStatus, Outcome

Rows = npt.NDArray[np.void]
Whole = npt.NDArray[np.int64]

CHANNELS = ("agent", "bank", "wallet")
TYPES = tuple(LineType)
STATUSES = tuple(OrderStatus)
OUTCOMES = tuple(Outcome)
NO_CHANNEL = -1
BUYERS_CURRENCY = 1
"""The currency that exchanged payments were made in, by number; they are settled in the first one."""
RATE_UNIT = 10**6
NO_ROW = -1
"""An order that has no row of its own in the answers."""
DUE_DECIDES = -2
"""An expected order without a line: pending or missing, by its due moment."""

LINE = np.dtype(
    [
        ("type", "i1"),
        ("cip", "i8"),
        ("operation", "i8"),
        ("order", "i8"),
        ("original", "i8"),
        ("original_is_order", "?"),
        ("blank", "?"),
        ("batch", "i2"),
        ("channel", "i1"),
        ("currency", "i1"),
        ("gross", "i8"),
        ("fee", "i8"),
        ("tax", "i8"),
        ("paid", "i8"),
        ("rate", "i8"),
        ("at", "i8"),
        ("outcome", "i1"),
        ("answer", "i8"),
    ]
)
"""A settlement line; `blank` writes absent references as blanks; `outcome` and `answer` (an order) are the truth.

Of an exchanged payment `paid` is cents of BUYERS_CURRENCY and `rate` the rate in units of RATE_UNIT; else both are 0.
"""

ORDER = np.dtype(
    [
        ("number", "i8"),
        ("cip", "i8"),
        ("blank", "?"),
        ("currency", "i1"),
        ("amount", "i8"),
        ("status", "i1"),
        ("created", "i8"),
        ("paid", "i8"),
        ("due", "i8"),
        ("updated", "i8"),
        ("outcome", "i1"),
    ]
)
"""An order; number 0 drops it; `outcome` is that of its own row when no line claims it."""


def type_code(kind: LineType) -> int:
    """The number that stands for a line type."""
    return TYPES.index(kind)


def status_code(status: OrderStatus) -> int:
    """The number that stands for an order status."""
    return STATUSES.index(status)


def outcome_code(outcome: Outcome) -> int:
    """The number that stands for an outcome."""
    return OUTCOMES.index(outcome)


@dataclass(slots=True)
class Numbers:
    """Unique numbers of one day, scattered over a range: CIPs, order numbers and operation numbers."""

    day: int
    shift: int
    used: int = field(default=0)

    PRIME: ClassVar[int] = 99_999_989
    FACTOR: ClassVar[int] = 48_271

    def take(self, count: int) -> Whole:
        """`count` numbers nobody had before, twelve or thirteen digits, led by the day."""
        index = np.arange(self.used, self.used + count, dtype=np.int64)
        self.used += count
        return np.int64(self.day) * 10**8 + (index * self.FACTOR + self.shift) % self.PRIME
