"""Fees as the provider charges them: the contract of the source file in whole numbers.

Written apart from the SQL that checks fees, on purpose: a mistake in one is then seen by the other. Amounts are cents.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from cuadre.config import FeePlan, Source
from cuadre.model.errors import ConfigurationError

Whole = npt.NDArray[np.int64]
UNIT = 10**8
"""Products of cents and percent are kept in units of 1e-8 cents, so that nothing is rounded before its time."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """The plan of every currency and channel on one settlement day; None where the contract is silent."""

    plans: tuple[tuple[FeePlan | None, ...], ...]

    def fee(self, gross: Whole, currency: Whole, channel: Whole) -> Whole:
        """The contract's fee in cents of payments of `gross` cents; 0 where no plan applies."""
        return self._each(gross, currency, channel, _fee)

    def tax(self, fee: Whole, currency: Whole, channel: Whole) -> Whole:
        """The contract's tax in cents on fees of `fee` cents; 0 where no plan applies."""
        return self._each(fee, currency, channel, lambda plan, cents: _share(plan, cents, plan.tax_percent))

    def covers(self, currency: Whole, channel: Whole) -> npt.NDArray[np.bool_]:
        """Whether a plan applies."""
        known = np.array([[plan is not None for plan in row] for row in self.plans])
        return np.asarray(known[currency, channel], dtype=np.bool_)

    def _each(self, cents: Whole, currency: Whole, channel: Whole, amount: Callable[[FeePlan, Whole], Whole]) -> Whole:
        result = np.zeros(len(cents), dtype=np.int64)
        for c, row in enumerate(self.plans):
            for h, plan in enumerate(row):
                mine = (currency == c) & (channel == h)
                if plan is not None and mine.any():
                    result[mine] = amount(plan, cents[mine])
        return result


def tariff(source: Source, currencies: tuple[str, ...], channels: tuple[str, ...], day: date) -> Tariff:
    """The plans in force on `day`; ConfigurationError when a plan needs more than two decimals."""
    for plan in source.fees:
        if plan.decimals > 2:
            raise ConfigurationError("The layout writes two decimals: a fee plan of more cannot be played through.")
    return Tariff(tuple(tuple(_plan(source, c, h, day) for h in channels) for c in currencies))


def _plan(source: Source, currency: str, channel: str, day: date) -> FeePlan | None:
    fitting = [
        plan
        for plan in source.fees
        if plan.currency == currency
        and plan.channel in {channel, "*"}
        and plan.valid_from <= day
        and (plan.valid_to is None or day <= plan.valid_to)
    ]
    return min(fitting, key=lambda plan: (plan.channel == "*", plan.valid_from), default=None)


def _fee(plan: FeePlan, cents: Whole) -> Whole:
    fee = np.maximum(_share(plan, cents, plan.percent, plan.fixed), _cents(plan.minimum))
    return fee if plan.maximum is None else np.minimum(fee, _cents(plan.maximum))


def _share(plan: FeePlan, cents: Whole, percent: Decimal, fixed: Decimal = Decimal(0)) -> Whole:
    exact = cents * int(percent * 10**6) + int(fixed * 100 * UNIT)
    coin = 10 ** (2 - plan.decimals)
    step = UNIT * coin
    rounded: Whole = (exact + step // 2) // step * coin
    return rounded


def _cents(amount: Decimal) -> int:
    cents = amount * 100
    if cents != int(cents):
        raise ConfigurationError("The layout writes two decimals: a fee bound of more cannot be played through.")
    return int(cents)
