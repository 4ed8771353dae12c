"""Measures of outcome rows that several packages need, as SQL over the outcome columns; declared once, here."""

from __future__ import annotations

from cuadre.model.codes import BREAKS, Outcome


def money_sql(prefix: str = "") -> str:
    """SQL for the money a row is about: |got|, or |expected| without a line; in the row's currency, not negative."""
    return f"ABS(COALESCE({prefix}got, {prefix}expected))"


def at_risk_sql(prefix: str = "") -> str:
    """SQL for the money a row leaves unreconciled, in the row's currency; 0 for rows that are no break.

    An amount mismatch risks the difference, an order without a line what it expected, a line what it brings. An
    ambiguous order risks nothing of its own: the line it may belong to carries the money.
    """
    breaks = ", ".join(f"'{outcome.name}'" for outcome in BREAKS)
    return (
        f"CASE WHEN {prefix}outcome NOT IN ({breaks}) THEN 0"
        f" WHEN {prefix}outcome = '{Outcome.amount_mismatch.name}' THEN ABS({prefix}delta)"
        f" WHEN {prefix}outcome = '{Outcome.missing_in_settlement.name}' THEN ABS({prefix}expected)"
        f" ELSE COALESCE(ABS({prefix}got), 0) END"
    )
