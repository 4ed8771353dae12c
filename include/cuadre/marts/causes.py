"""What breaks of a day share, read back from the mart `break_cause`, and which of it explains most.

How the words of an incident come of it is in `cuadre.pipeline.causes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cuadre.model.codes import CauseDimension
from cuadre.warehouse import connect

LEAST_BREAKS = 20
"""Fewer breaks have no cause in common, whatever they share."""

LEAST_SHARE = Decimal("0.5")
"""What less than half of the breaks, or of the money, share is not THE cause."""

LEAST_LIFT = Decimal(2)
"""What breaks have less than twice as often as all items is how the day was, and explains nothing."""

_ORDER = tuple(CauseDimension.__members__)


@dataclass(frozen=True, slots=True)
class Shared:
    """One value that `breaks` of `of_breaks` share; money at risk by currency, theirs and that of all these breaks."""

    scope: str
    outcome: str
    dimension: str
    value: str
    breaks: int
    of_breaks: int
    base_share: Decimal
    lift: Decimal
    at_risk: dict[str, Decimal]
    of_at_risk: dict[str, Decimal]

    @property
    def share(self) -> Decimal:
        """How many of the breaks it is, 0 to 1."""
        return Decimal(self.breaks) / self.of_breaks

    def share_of_money(self, currency: str) -> Decimal:
        """How much of the money at risk in `currency` it is, 0 to 1."""
        whole = self.of_at_risk.get(currency)
        return self.at_risk[currency] / whole if whole else Decimal(0)


def shared_of_day(url: str, source: str, day: date) -> tuple[Shared, ...]:
    """All that the breaks of `day` share, as believed now.

    Raises:
        WarehouseUnavailable: The warehouse cannot be reached.
        ConfigurationError: The schema `recon` is missing.
    """
    found: dict[tuple[str, ...], Shared] = {}
    with connect(url, "Migrate the schema recon first.") as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT scope, outcome, dimension, value, currency, breaks, at_risk, of_breaks, of_at_risk, base_share, "
            "lift FROM recon.break_cause WHERE source = %s AND settlement_date = %s ORDER BY 1, 2, 3, 4, 5",
            (source, day),
        )
        for scope, outcome, dimension, value, currency, breaks, at_risk, *measures in cursor:
            of_breaks, of_at_risk, base_share, lift = measures
            before = found.get((scope, outcome, dimension, value))
            found[scope, outcome, dimension, value] = Shared(
                scope,
                outcome,
                dimension,
                value,
                breaks=breaks + (before.breaks if before else 0),
                of_breaks=of_breaks,
                base_share=base_share,
                lift=lift,
                at_risk={**(before.at_risk if before else {}), currency: at_risk},
                of_at_risk={**(before.of_at_risk if before else {}), currency: of_at_risk},
            )
    return tuple(found.values())


def cause_of_breaks(shared: Iterable[Shared], scope: str = "new") -> Shared | None:
    """What explains most of the breaks; None when nothing does.

    That is the value of the most breaks beyond those it would have if they were like all items: of a batch and the
    archive it is in, the batch, unless the rest of the archive broke as well.
    """
    found = [each for each in shared if each.scope == scope and each.outcome == "any" and each.share >= LEAST_SHARE]
    return _most((each.share - each.base_share, each) for each in found)


def cause_of_money(shared: Iterable[Shared], currency: str) -> Shared | None:
    """What explains most of the money at risk in `currency`, old and new; None when nothing does."""
    found = [each for each in shared if each.scope == "open" and each.outcome == "any"]
    shares = ((each.share_of_money(currency), each) for each in found if currency in each.at_risk)
    return _most((share - each.base_share, each) for share, each in shares if share >= LEAST_SHARE)


def _most(found: Iterable[tuple[Decimal, Shared]]) -> Shared | None:
    causes = [(more, each) for more, each in found if each.breaks >= LEAST_BREAKS and each.lift >= LEAST_LIFT]
    ranked = sorted(causes, key=lambda cause: (-cause[0], _ORDER.index(cause[1].dimension), cause[1].value))
    return ranked[0][1] if ranked else None
