"""Payments that are settled in another currency than the buyer paid in: the order asks for the one, the line says both.

Planted on deals nothing was done to yet, which change their amounts; everything else of them stays as it was drawn.
"""

from __future__ import annotations

import numpy as np

from cuadre.model.codes import Outcome
from cuadre.model.errors import ConfigurationError
from cuadre.sandbox import text
from cuadre.sandbox.book import Book
from cuadre.sandbox.rows import BUYERS_CURRENCY, RATE_UNIT, Whole, outcome_code


def exchange(book: Book, count: int) -> dict[str, int]:
    """Exchange up to `count` deals of the main currency; how many there are of each kind.

    Of ten of them two differ by what the source believes, and one by more; on a tidy day none does. Raises
    ConfigurationError when the source declares no rates for its currencies, so that it would believe none of them.
    """
    deals = book.pick(count)
    deals = deals[book.lines["currency"][deals] == 0]
    converted = _exchange(book, deals)
    manner = np.arange(len(deals)) % 10
    little, much = (manner > 7) & (not book.tidy), (manner == 7) & (not book.tidy)
    book.orders["cip"][deals[manner == 0]] = 0
    believed = np.maximum(1, converted * int(book.source.settlement.exchange.percent * 10**6) // (100 * 10**6))
    difference = np.where(little, book.rng.integers(1, believed, endpoint=True), 0)
    difference = np.where(much, believed + book.rng.integers(1, 100, len(deals)), difference)
    difference *= np.where(difference < converted, book.rng.choice([-1, 1], len(deals)), 1)
    _settle(book, deals, converted + difference)
    book.lines["outcome"][deals[little]] = outcome_code(Outcome.matched_with_variance)
    book.lines["outcome"][deals[much]] = outcome_code(Outcome.amount_mismatch)
    return {
        "exchanged": len(deals) - int(little.sum() + much.sum()),
        "exchanged, with a difference": int(little.sum()),
        "exchanged, with too great a difference": int(much.sum()),
    }


def _exchange(book: Book, deals: Whole) -> Whole:
    """Let the buyers pay in their own currency; what that comes to, in cents of the settlement."""
    paid_in, settled_in = text.currencies(book.source)[BUYERS_CURRENCY], book.source.currencies[0]
    rates = book.source.settlement.exchange.rates.get(paid_in, {}).get(settled_in)
    if rates is None:
        raise ConfigurationError(
            f"The source declares no rates of {paid_in} in {settled_in}: settlement.exchange.rates."
        )
    least, greatest = (int(rate * RATE_UNIT) for rate in rates)
    rate = book.rng.integers(least, greatest, len(deals), endpoint=True)
    paid = np.maximum(1, book.lines["gross"][deals] * RATE_UNIT // rate)
    paid += _converted(paid, rate) < book.bounds(book.lines["currency"][deals])[0]
    book.lines["paid"][deals], book.lines["rate"][deals] = paid, rate
    book.orders["amount"][deals], book.orders["currency"][deals] = paid, BUYERS_CURRENCY
    return _converted(paid, rate)


def _converted(paid: Whole, rate: Whole) -> Whole:
    """Cents at a rate, half a cent rounded up."""
    cents: Whole = (paid * rate + RATE_UNIT // 2) // RATE_UNIT
    return cents


def _settle(book: Book, deals: Whole, gross: Whole) -> None:
    lines = book.lines[deals]
    lines["gross"] = gross
    book.charge(lines)
    book.lines[deals] = lines
