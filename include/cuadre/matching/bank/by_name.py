"""Credits that name batches: which batches these are, and which of them are settled because they add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from cuadre.matching.bank.naming import shape
from cuadre.matching.bank.values import Credit, Fit, Knot, Payout, Record, may_pay
from cuadre.model.codes import BankMethod

Tie = tuple[Payout, Credit]


@dataclass(frozen=True, slots=True)
class ByName:
    """What names settle, and what they leave.

    `knots` do not add up. `repeated` credits name a payout that was settled before. Of the `payouts` and `credits` left
    none has to do with a name.
    """

    settled: tuple[Fit, ...]
    knots: tuple[Knot, ...]
    repeated: tuple[Tie, ...]
    payouts: tuple[Payout, ...]
    credits: tuple[Credit, ...]


def settle_by_name(payouts: Sequence[Payout], statement: Sequence[Credit], paid: Sequence[Payout]) -> ByName:
    """Settle what adds up among `payouts` and the credits of the `statement` that name them.

    A credit that names a batch pays this one, or this one among others, but never another one alone: if it can pay none
    it names, it is out of the game. So is one that names what looks like the id of a batch: its file may come tomorrow.
    """
    ties, repeated = _ties(payouts, statement), _ties(paid, statement)
    tied = {credit for _, credit in ties}
    settled: list[Fit] = []
    knots: list[Knot] = []
    for knot in _knots(ties):
        fits = _settled(knot)
        settled += fits
        if not fits:
            knots.append(knot)
    gone = {record for fit in settled for record in fit.records} | {record for knot in knots for record in knot.records}
    known = {shape(payout.batch_id) for payout in (*payouts, *paid)}
    latest = {credit: payout for payout, credit in repeated if credit not in tied}  # the last one stays
    return ByName(
        settled=tuple(settled),
        knots=tuple(knots),
        repeated=tuple((payout, credit) for credit, payout in latest.items()),
        payouts=tuple(each for each in payouts if each not in gone),
        credits=tuple(each for each in statement if each not in gone and known.isdisjoint(map(shape, each.named))),
    )


def _ties(payouts: Sequence[Payout], statement: Sequence[Credit]) -> list[Tie]:
    by_id: dict[str, list[Payout]] = defaultdict(list)
    for payout in payouts:
        by_id[payout.batch_id].append(payout)
    return [
        (payout, credit)
        for credit in statement
        for name in sorted(credit.named)
        for payout in by_id.get(name, ())
        if may_pay(credit, payout)
    ]


def _settled(knot: Knot) -> list[Fit]:
    """The knot as one settlement, when one credit or one payout meets the sum of the others; else its pairs, if any."""
    if knot.missing == 0 and 1 in (len(knot.payouts), len(knot.credits)):
        return [Fit(BankMethod.reference, knot.payouts, knot.credits)]
    return _pairs(knot)


def _pairs(knot: Knot) -> list[Fit]:
    """Where batches of several days share an id: every credit with the one payout of its amount, or none at all.

    A payout may be left without a credit, but no credit without a payout: what credits come to beyond it is a
    difference of the knot.
    """
    if len(knot.payouts) == 1 or len({payout.batch_id for payout in knot.payouts}) > 1:
        return []
    owed = Counter(payout.owed for payout in knot.payouts)
    credited = Counter(credit.amount for credit in knot.credits)
    if any(count > 1 or owed[amount] != 1 for amount, count in credited.items()):
        return []
    payout_of = {payout.owed: payout for payout in knot.payouts}
    pairs = [(payout_of[credit.amount], credit) for credit in knot.credits]
    if not all(may_pay(credit, payout) for payout, credit in pairs):
        return []
    return [Fit(BankMethod.reference, (payout,), (credit,)) for payout, credit in pairs]


def _knots(ties: Sequence[Tie]) -> list[Knot]:
    """The connected components of `ties`, in order of their first payout."""
    beside: dict[Record, list[Record]] = defaultdict(list)
    for payout, credit in ties:
        beside[payout].append(credit)
        beside[credit].append(payout)
    seen: set[Record] = set()
    knots = []
    for start in sorted({payout for payout, _ in ties}):
        if start not in seen:
            members = _reachable(start, beside)
            seen |= members
            payouts = sorted(each for each in members if isinstance(each, Payout))
            knots.append(Knot(tuple(payouts), tuple(sorted(each for each in members if isinstance(each, Credit)))))
    return knots


def _reachable(start: Record, beside: dict[Record, list[Record]]) -> set[Record]:
    members, ahead = {start}, [start]
    while ahead:
        found = [other for other in beside[ahead.pop()] if other not in members]
        members.update(found)
        ahead += found
    return members
