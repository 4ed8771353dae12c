"""What a source believes of payments that are settled in another currency than they were paid in.

How a line says so, and how it is compared with its order, is the matter of the layouts and of the models of matching.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator

from cuadre.config.references import Strict
from cuadre.config.values import Currency, Percent, Rate

Rates = dict[Currency, tuple[Rate, Rate]]


class Exchange(Strict):
    """What is believed of payments that were exchanged: bounds on the difference, and on the rate.

    The gross of such a payment may differ from what was paid, at the rate its line names, by `percent` of that (0.5
    means 0.5 %), or by a cent where a cent is more; beyond that it is an amount mismatch. `rates` are the least and the
    greatest rate that is believed, by the currency paid in and the currency settled in; beyond them the nearer one
    takes the place of the line's own. Between currencies without declared rates nothing was exchanged: such a payment
    is a currency mismatch, since a rate that only the provider names could make any gross out of any amount.
    """

    percent: Percent = Decimal("0.5")
    rates: dict[Currency, Annotated[Rates, Field(min_length=1)]] = Field(default_factory=dict)

    @field_validator("rates")
    @classmethod
    def _possible(cls, rates: dict[str, Rates]) -> dict[str, Rates]:
        for paid, by_settled in rates.items():
            for settled, (least, greatest) in by_settled.items():
                if settled == paid:
                    raise ValueError(f"{paid} is not exchanged for itself")
                if least > greatest:
                    raise ValueError(f"the lower rate of {paid} in {settled} comes first")
        return rates

    @property
    def settled_in(self) -> set[str]:
        """Currencies of settlement that are named."""
        return {settled for by_settled in self.rates.values() for settled in by_settled}
