"""Credits that name nothing: every way in which their amounts fit what is owed, within the window. Decides nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from cuadre.matching.bank.subsets import MOST_FITS, subsets
from cuadre.matching.bank.values import Credit, Fit, Knot, Payout, Record, in_time
from cuadre.model.codes import BankMethod

Member = TypeVar("Member", Payout, Credit)


@dataclass(frozen=True, slots=True)
class ByAmount:
    """All fits that were found; the payouts with too many possible partners to look through; and what may be in more
    fits than were looked at, so that none it is in is sure.
    """

    fits: tuple[Fit, ...]
    unsearched: frozenset[Payout]
    doubtful: frozenset[Record]


def fits_by_amount(
    payouts: Sequence[Payout], statement: Sequence[Credit], knots: Sequence[Knot], window: timedelta
) -> ByAmount:
    """Pairs of equal amounts; groups of what has no pair; and what would make up the difference of a knot.

    A group is looked for, too, beside a pair that has no rival: the credit it takes up may as well pay several others.
    """
    pairs = list(_pairs(payouts, statement, window))
    partners = Counter(record for fit in pairs for record in fit.records)
    contested = {record for fit in pairs if not _alone(fit, partners) for record in fit.records}
    search = _Search(
        payouts=[each for each in payouts if each not in partners],
        statement=[each for each in statement if each not in partners],
        window=window,
    )
    found = [
        *search.of_credits([each for each in statement if each not in contested]),
        *search.of_payouts([each for each in payouts if each not in contested]),
        *search.of_knots(knots),
    ]
    return ByAmount((*pairs, *found), frozenset(search.unsearched), frozenset(search.doubtful))


def _pairs(payouts: Sequence[Payout], statement: Sequence[Credit], window: timedelta) -> Iterator[Fit]:
    by_amount: dict[tuple[str, int], list[Credit]] = defaultdict(list)
    for credit in statement:
        by_amount[credit.currency, credit.amount].append(credit)
    for payout in payouts:
        for credit in by_amount.get((payout.currency, payout.owed), ()):
            if in_time(credit, payout, window):
                yield Fit(BankMethod.amount, (payout,), (credit,))


def _alone(pair: Fit, partners: Counter[Record]) -> bool:
    return all(partners[record] == 1 for record in pair.records)


class _Search:
    """Groups out of the payouts and credits that have no pair; remembers where it had to give up."""

    def __init__(self, payouts: Sequence[Payout], statement: Sequence[Credit], window: timedelta) -> None:
        self._payouts, self._statement, self._window = payouts, statement, window
        self.unsearched: set[Payout] = set()
        self.doubtful: set[Record] = set()

    def of_credits(self, credits_: Sequence[Credit]) -> Iterator[Fit]:
        """One credit for several payouts."""
        for credit in credits_:
            pool = self._payouts_for(credit)
            groups = self._groups(pool, [each.owed for each in pool], credit.amount, least=2)
            if groups is None:
                self.unsearched.update(pool)
            for group in groups or ():
                yield Fit(BankMethod.one_for_several, group, (credit,))

    def of_payouts(self, payouts: Sequence[Payout]) -> Iterator[Fit]:
        """Several credits for one payout."""
        for payout in payouts:
            pool = self._credits_for(payout)
            groups = self._groups(pool, [each.amount for each in pool], payout.owed, least=2)
            if groups is None:
                self.unsearched.add(payout)
            for group in groups or ():
                yield Fit(BankMethod.several_for_one, (payout,), group)

    def of_knots(self, knots: Sequence[Knot]) -> Iterator[Fit]:
        """A credit that names only some of the payouts it pays; a payout that only some of its credits name."""
        for knot in knots:
            if len(knot.credits) == 1:
                others = self._payouts_for(knot.credits[0])
                for more in self._groups(others, [each.owed for each in others], -knot.missing, least=1) or ():
                    yield Fit(BankMethod.one_for_several, (*knot.payouts, *more), knot.credits)
            if len(knot.payouts) == 1:
                rest = self._credits_for(knot.payouts[0])
                for added in self._groups(rest, [each.amount for each in rest], knot.missing, least=1) or ():
                    yield Fit(BankMethod.several_for_one, knot.payouts, (*knot.credits, *added))

    def _groups(
        self, pool: Sequence[Member], amounts: Sequence[int], target: int, *, least: int
    ) -> list[tuple[Member, ...]] | None:
        """Members of `pool` whose `amounts` come to `target`; None when there are too many to look through."""
        chosen = subsets(amounts, target, least=least)
        if chosen is None or len(chosen) == MOST_FITS:
            self.doubtful.update(pool)
        return None if chosen is None else [tuple(pool[place] for place in places) for places in chosen]

    def _payouts_for(self, credit: Credit) -> list[Payout]:
        return [each for each in self._payouts if in_time(credit, each, self._window)]

    def _credits_for(self, payout: Payout) -> list[Credit]:
        return [each for each in self._statement if in_time(each, payout, self._window)]
