"""Control totals over typed lines."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cuadre.formats.arrays import flags, values_of
from cuadre.model.records import Totals

AMOUNTS = ("gross", "fee", "tax", "net")


def sums(table: pa.Table) -> dict[str, Totals]:
    """Control totals of `table`, whose currencies are one dictionary, by currency; exact."""
    currencies = table.column("currency").chunk(0)
    words = currencies.dictionary.to_pylist()
    if len(words) == 1:
        return {words[0]: _sum(table)}
    numbers = values_of(currencies.indices, np.int32)
    parts = {word: table.select(AMOUNTS).filter(flags(numbers == number)) for number, word in enumerate(words)}
    return {word: _sum(part) for word, part in parts.items() if part.num_rows}


def merged(many: Iterable[dict[str, Totals]]) -> dict[str, Totals]:
    """Totals of several parts of a file as those of the whole, sorted by currency."""
    whole: dict[str, Totals] = {}
    for totals in many:
        for currency, total in totals.items():
            whole[currency] = whole[currency] + total if currency in whole else total
    return dict(sorted(whole.items()))


def _sum(table: pa.Table) -> Totals:
    zero = Decimal(0)
    return Totals(table.num_rows, *(pc.sum(table.column(name)).as_py() or zero for name in AMOUNTS))
