"""Which credits pay which batches: first by what a credit names, then by amount, each only where nothing else fits.

Plain values in, plain values out. What is not certain is refused and named; what such a refusal is called for a batch
is the business of `judging.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from cuadre.matching.bank.by_amount import fits_by_amount
from cuadre.matching.bank.by_name import Tie, settle_by_name
from cuadre.matching.bank.values import Credit, Fit, Knot, Payout


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of it. A payout that is nowhere in it was not credited; no credit is in two settled fits.

    Attributes:
        settled: These count.
        contested: By payout, every fit there is for it: there are several, or they share a record.
        knots: Credits name these payouts and do not add up to them.
        unsearched: Payouts with too many possible partners.
        repeated: Credits that name a payout settled before, and this payout.
    """

    settled: tuple[Fit, ...]
    contested: dict[Payout, tuple[Fit, ...]]
    knots: tuple[Knot, ...]
    unsearched: frozenset[Payout]
    repeated: tuple[Tie, ...]


def settle(
    payouts: Iterable[Payout],
    statement: Iterable[Credit],
    *,
    paid: Iterable[Payout] = (),
    window_days: int,
    by_amount_from: date = date.min,
) -> Settlement:
    """Set the credits of the `statement` against `payouts`, of any currencies; the order of neither matters.

    Args:
        payouts: What is open.
        statement: Credits that no earlier settlement has used.
        paid: Payouts settled before, so that a credit that names one of them pays no other.
        window_days: How many days after the settlement date a credit that names nothing may be valued.
        by_amount_from: Payouts of earlier days are settled by name only: their rivals may be out of sight.
    """
    named = settle_by_name(sorted(payouts), sorted(statement), sorted(paid))
    found = fits_by_amount(
        [each for each in named.payouts if each.owed and each.batch_date >= by_amount_from],
        [each for each in named.credits if each.amount],
        named.knots,
        timedelta(days=window_days),
    )
    taking_part = Counter(record for fit in found.fits for record in fit.records)
    doubtful = found.doubtful | {record for record, fits in taking_part.items() if fits > 1}
    sure = tuple(fit for fit in found.fits if doubtful.isdisjoint(fit.records))
    contested: dict[Payout, list[Fit]] = defaultdict(list)
    for fit in found.fits:
        for payout in fit.payouts if not doubtful.isdisjoint(fit.records) else ():
            contested[payout].append(fit)
    decided = {payout for fit in sure for payout in fit.payouts} | contested.keys()
    return Settlement(
        settled=named.settled + sure,
        contested={payout: tuple(fits) for payout, fits in contested.items()},
        knots=tuple(knot for knot in named.knots if decided.isdisjoint(knot.payouts)),
        unsearched=found.unsearched - decided,
        repeated=named.repeated,
    )
