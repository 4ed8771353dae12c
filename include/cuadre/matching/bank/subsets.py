"""Which of some amounts add up to a target: exact, bounded, and never the empty choice. Knows of no batch or credit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

MOST_AMOUNTS = 20
"""More amounts than these are not searched: a million subsets, and beyond them sums agree by chance."""

MOST_FITS = 5
"""So many subsets are named at most; two are enough to refuse."""

Places = tuple[int, ...]


def subsets(amounts: Sequence[int], target: int, *, least: int) -> tuple[Places, ...] | None:
    """The places of at least `least` of `amounts` that add up to `target`, each once; None beyond `MOST_AMOUNTS`.

    Amounts are whole numbers of the smallest unit, of either sign and never 0, which would fit with and without.
    `least` is at least 1: nothing adds up to nothing. At most `MOST_FITS` subsets are given, the same ones each time.
    """
    if len(amounts) < least or (min(amounts) > 0 and not 0 < target <= sum(amounts)):
        return ()
    if len(amounts) > MOST_AMOUNTS:
        return None
    half = len(amounts) // 2
    low, high = _sums(tuple(amounts[:half])), _sums(tuple(amounts[half:]))
    found: list[Places] = []
    for total, choices in high.items():
        for upper in choices:
            for lower in low.get(target - total, ()):
                places = (*lower, *(half + place for place in upper))
                if len(places) >= least:
                    found.append(places)
                if len(found) == MOST_FITS:
                    return tuple(found)
    return tuple(found)


@lru_cache(maxsize=64)
def _sums(amounts: tuple[int, ...]) -> dict[int, tuple[Places, ...]]:
    """The subsets of `amounts`, the empty one too, by what they add up to."""
    found: dict[int, list[Places]] = {0: [()]}
    for place, amount in enumerate(amounts):
        for total, choices in [(total, list(choices)) for total, choices in found.items()]:
            found.setdefault(total + amount, []).extend((*choice, place) for choice in choices)
    return {total: tuple(choices) for total, choices in found.items()}
