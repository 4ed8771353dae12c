"""What a settlement with the bank means for each batch: status, reason, and the rows of `bank_matches`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cuadre.matching.bank.settling import Settlement
from cuadre.matching.bank.taking_back import TakenBack
from cuadre.matching.bank.values import Credit, Fit, Payout, exact
from cuadre.model.codes import BankMethod, BankReason, BatchStatus

Row = dict[str, Any]
"""A row of `bank_matches`, without what the batch itself says: source, sums, the day."""

_MOST_NAMED = 10
"""Candidates named in one row."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Until when a credit is waited for: `today` is the local day the settlement is judged on."""

    today: date
    window: timedelta

    def is_over(self, payout: Payout) -> bool:
        """Whether the last day on which a credit may be valued has passed."""
        return self.today > payout.batch_date + self.window


def judged(settlement: Settlement, payouts: Iterable[Payout], clock: Clock) -> list[tuple[Payout, Row]]:
    """A row for each payout and each credit that belongs to it, by payout and credit.

    Those of `payouts` that nothing was found for are pending until the window is over.
    """
    rows = [*_settled(settlement), *_refused(settlement), *_repeated(settlement)]
    found = {payout for payout, _ in rows}
    rows += [(payout, _alone(payout, settlement, clock)) for payout in payouts if payout not in found]
    return by_credit(rows)


def by_credit(rows: Iterable[tuple[Payout, Row]]) -> list[tuple[Payout, Row]]:
    """The rows by payout and credit."""
    return sorted(rows, key=lambda row: (row[0], row[1]["credit_id"] or ""))


def undone(found: Sequence[TakenBack], rows: Iterable[tuple[Payout, Row]]) -> list[tuple[Payout, Row]]:
    """For every share that was taken back, the credit and the debit, beside the `rows` of how the payout now stands."""
    status = {payout: BatchStatus[row["status"]] for payout, row in rows}
    return [
        (
            share.payout,
            _row(share.payout, status[share.payout], BankReason.TAKEN_BACK, each, applied, BankMethod.reference),
        )
        for one in found
        for share in one.shares
        for each, applied in ((one.credit, share.applied), (one.debit, -share.applied))
    ]


def _settled(settlement: Settlement) -> Iterator[tuple[Payout, Row]]:
    for fit in settlement.settled:
        for payout, credit, applied in _shares(fit):
            yield payout, _row(payout, BatchStatus.balanced, None, credit, applied, fit.method)


def _shares(fit: Fit) -> Iterator[tuple[Payout, Credit, int]]:
    """Who pays whom how much: of one credit each payout takes its own, to one payout each credit gives all."""
    if len(fit.payouts) == 1:
        return ((fit.payouts[0], credit, credit.amount) for credit in fit.credits)
    return ((payout, fit.credits[0], payout.owed) for payout in fit.payouts)


def _refused(settlement: Settlement) -> Iterator[tuple[Payout, Row]]:
    rivals = _by_credit(settlement.contested)
    for payout, fits in settlement.contested.items():
        around = {rival for fit in fits for credit in fit.credits for rival in rivals[credit]}
        yield payout, _row(payout, BatchStatus.bank_ambiguous, BankReason.SEVERAL_FITS, candidates=_named(around))
    for knot in settlement.knots:
        if len(knot.payouts) == 1:
            status, reason = BatchStatus.bank_differs, BankReason.SUM_DIFFERS
            for credit in knot.credits:
                yield (
                    knot.payouts[0],
                    _row(knot.payouts[0], status, reason, credit, credit.amount, BankMethod.reference),
                )
        else:
            across = _named([Fit(BankMethod.reference, knot.payouts, knot.credits)])
            for payout in knot.payouts:
                yield payout, _row(payout, BatchStatus.bank_ambiguous, BankReason.NAMES_CROSS, candidates=across)


def _by_credit(contested: Mapping[Payout, Iterable[Fit]]) -> dict[Credit, set[Fit]]:
    rivals: dict[Credit, set[Fit]] = defaultdict(set)
    for fits in contested.values():
        for fit in fits:
            for credit in fit.credits:
                rivals[credit].add(fit)
    return rivals


def _named(fits: Iterable[Fit]) -> str:
    """Such as `C1 for B1 + B2; C1 for B3`: credits by id, batches by id."""
    texts = sorted(
        " + ".join(credit.credit_id for credit in fit.credits)
        + " for "
        + " + ".join(payout.batch_id for payout in fit.payouts)
        for fit in fits
    )
    more = f"; and {len(texts) - _MOST_NAMED} more" if len(texts) > _MOST_NAMED else ""
    return "; ".join(texts[:_MOST_NAMED]) + more


def _repeated(settlement: Settlement) -> Iterator[tuple[Payout, Row]]:
    """Nothing is owed for them any more."""
    for payout, credit in settlement.repeated:
        status, reason = BatchStatus.bank_differs, BankReason.PAID_BEFORE
        row = _row(payout, status, reason, credit, credit.amount, BankMethod.reference)
        yield payout, row | {"owed": Decimal(0)}


def _alone(payout: Payout, settlement: Settlement, clock: Clock) -> Row:
    if payout.owed == 0:
        return _row(payout, BatchStatus.balanced, BankReason.NOTHING_OWED)
    over = clock.is_over(payout)
    reason = BankReason.NOT_CREDITED if over else BankReason.NOT_YET_CREDITED
    if payout in settlement.unsearched:
        reason = BankReason.TOO_MANY_CANDIDATES
    return _row(payout, BatchStatus.bank_missing if over else BatchStatus.bank_pending, reason)


def _row(
    payout: Payout,
    status: BatchStatus,
    reason: BankReason | None,
    credit: Credit | None = None,
    applied: int | None = None,
    method: BankMethod | None = None,
    candidates: str | None = None,
) -> Row:
    return {
        "batch_date": payout.batch_date,
        "batch_id": payout.batch_id,
        "currency": payout.currency,
        "status": status.name,
        "reason": reason.name if reason else None,
        "method": method.name if method else None,
        "credit_id": credit.credit_id if credit else None,
        "value_date": credit.value_date if credit else None,
        "owed": exact(payout.owed),
        "credited": exact(credit.amount) if credit else None,
        "applied": None if applied is None else exact(applied),
        "candidates": candidates,
    }
