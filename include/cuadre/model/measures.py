"""Measures of outcome rows and of batches that several packages need, as SQL; declared once, here."""

from __future__ import annotations

from cuadre.model.codes import BREAKS, LineType, Outcome
from cuadre.model.literals import literals


def money_sql(prefix: str = "") -> str:
    """SQL for the money a row is about: |got|, or |expected| without a line; in the row's currency, not negative."""
    return f"ABS(COALESCE({prefix}got, {prefix}expected))"


def at_risk_sql(prefix: str = "") -> str:
    """SQL for the money a row leaves unreconciled, in the row's currency; 0 for rows that are no break.

    An amount mismatch risks the difference, which is 0 for a payment of which more had been given back before it came:
    its reason says how much. A line risks what it brings, an order without one what it expected. An ambiguous order
    risks nothing of its own: the line it may belong to carries the money.
    """
    breaks = literals(outcome.name for outcome in BREAKS)
    return (
        f"CASE WHEN {prefix}outcome NOT IN ({breaks}) THEN 0"
        f" WHEN {prefix}outcome = '{Outcome.amount_mismatch.name}' THEN ABS({prefix}delta)"
        f" WHEN {prefix}outcome = '{Outcome.ambiguous.name}' THEN COALESCE(ABS({prefix}got), 0)"
        f" ELSE COALESCE(ABS({prefix}got), ABS({prefix}expected), 0) END"
    )


def batches_sql(lines: str) -> str:
    """SQL for the sums of each batch and currency in the relation `lines`; '-' collects lines without a batch.

    `lines`, `gross`, `fee`, `tax` and `net` leave payouts out; `payout` is what the payout lines say, NULL without one;
    `owed` is that, or else the net. Then gross by line type: `payments`, `refunds`, `reversals`, ...
    """
    own = f"line_type <> '{LineType.PAYOUT}'"
    sums = ", ".join(
        f"SUM(CASE WHEN {own} THEN {name} ELSE 0 END) AS {name}" for name in ("gross", "fee", "tax", "net")
    )
    kinds = ", ".join(
        f"SUM(CASE WHEN line_type = '{kind}' THEN gross ELSE 0 END) AS {kind.lower()}s"
        for kind in LineType
        if kind not in (LineType.PAYOUT, LineType.FEE)
    )
    payout = f"SUM(CASE WHEN {own} THEN NULL ELSE -net END)"
    return (
        "SELECT COALESCE(batch_id, '-') AS batch_id, currency, "
        f"SUM(CASE WHEN {own} THEN 1 ELSE 0 END) AS lines, {sums}, {payout} AS payout, "
        f"COALESCE({payout}, SUM(CASE WHEN {own} THEN net ELSE 0 END)) AS owed, {kinds} "
        f"FROM {lines} GROUP BY COALESCE(batch_id, '-'), currency"
    )
