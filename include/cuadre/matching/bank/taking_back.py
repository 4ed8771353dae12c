"""Credits that the bank takes back: a negative row that undoes a credit, so that what it paid is owed again.

A debit takes back a credit of just its amount, not booked after it, when it names a batch which that credit paid, or
has the very same reference. Of several the last one is taken back. What else a negative row may be is left to
`settling.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from cuadre.matching.bank.values import Credit, Payout


@dataclass(frozen=True, slots=True)
class Share:
    """What one credit paid of one payout, on an earlier day."""

    payout: Payout
    credit: Credit
    applied: int


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A debit, and all that the credit it takes back had paid: nothing, when no earlier day had used that."""

    debit: Credit
    credit: Credit
    shares: tuple[Share, ...] = ()


def taken_back(shares: Iterable[Share], statement: Sequence[Credit], owed: Collection[Payout]) -> list[TakenBack]:
    """The credits that the unused credits of the `statement` show to be taken back, by the debit.

    Args:
        shares: What earlier days settled; their credits with the reference, as far as the statement still has them.
        statement: Credits that no earlier settlement has used. One that names a batch is added up with what else
            names that, so that only those without such a name are undone here by others of the statement.
        owed: The payouts that are open or paid. A debit that may as well pay one of less than nothing is left to that.
    """
    paid: dict[Credit, list[Share]] = {}
    for share in shares:
        paid.setdefault(share.credit, []).append(share)
    ids = {payout.batch_id for payout in owed}
    less_than_nothing = {(payout.currency, payout.owed) for payout in owed if payout.owed < 0}
    nameless = [each for each in statement if each.amount > 0 and ids.isdisjoint(each.named)]
    credits_ = sorted({*paid, *nameless}, key=_booked, reverse=True)
    found: list[TakenBack] = []
    for debit in sorted((each for each in statement if each.amount < 0), key=_booked):
        named = [each for each in credits_ if any(one.payout.batch_id in debit.named for one in paid.get(each, ()))]
        alike = [each for each in credits_ if each.reference and each.reference == debit.reference]
        if not ids.isdisjoint(debit.named) or (debit.currency, debit.amount) in less_than_nothing:
            alike = []
        for credit in (each for each in (*named, *alike) if _undoes(debit, each)):
            found.append(TakenBack(debit, credit, tuple(paid.get(credit, ()))))
            credits_.remove(credit)
            break
    return found


def _undoes(debit: Credit, credit: Credit) -> bool:
    same = debit.currency == credit.currency and debit.amount == -credit.amount
    return same and debit.value_date >= credit.value_date


def _booked(credit: Credit) -> tuple[object, ...]:
    return (credit.value_date, credit.credit_id)
