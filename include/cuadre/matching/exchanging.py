"""What a source believes of exchanged payments, as SQL for the models that compare them."""

from __future__ import annotations

from cuadre.config.exchange import Exchange
from cuadre.model.literals import literal


def believed_rate(exchange: Exchange) -> str:
    """SQL for the rate of line `l`, or for the nearest one that is believed; NULL where none is declared."""
    whens = " ".join(
        f"WHEN l.presentment_currency = {literal(paid)} AND l.currency = {literal(settled)} "
        f"THEN LEAST(GREATEST(l.exchange_rate, {literal(least)}), {literal(greatest)})"
        for paid, by_settled in sorted(exchange.rates.items())
        for settled, (least, greatest) in sorted(by_settled.items())
    )
    return f"CASE {whens} END" if whens else "CAST(NULL AS DECIMAL(18, 6))"


def believed_difference(exchange: Exchange) -> str:
    """SQL for what gross may differ from the column `converted`: a share of it, and never less than a cent."""
    share = f"CAST('{exchange.percent / 100:f}' AS DECIMAL(9, 8))"
    return f"GREATEST(CAST(ABS(converted) AS DECIMAL(27, 6)) * {share}, CAST('0.01' AS DECIMAL(36, 14)))"
