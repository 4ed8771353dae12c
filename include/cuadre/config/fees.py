"""The fee contract as SQL, for every engine: one expression for the fee, one for its tax, one for the name of the plan.

Columns used: `gross`, `currency`, `channel`, `settlement_date`. Exact decimals throughout: percent has six decimals
and gross six, so the product has twelve and is rounded half away from zero once. Rows no plan covers give NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from cuadre.config.source import FeePlan

_NARROW = 9_999
_MOST = 999_999_999_999
"""The largest share that fits 18 digits with fourteen decimals, and the largest amount there is; whole units."""


def fee_sql(plans: tuple[FeePlan, ...], prefix: str = "") -> str:
    """SQL for the contract's fee of a payment line, DECIMAL(18,6) in the line's currency."""
    return _case(plans, prefix, lambda plan: _fee(plan, prefix))


def tax_sql(plans: tuple[FeePlan, ...], fee: str, prefix: str = "") -> str:
    """SQL for the contract's tax on `fee` (an SQL expression), DECIMAL(18,6) in the line's currency."""
    return _case(plans, prefix, lambda plan: _share(fee, plan.tax_percent, plan.decimals))


def plan_sql(plans: tuple[FeePlan, ...], prefix: str = "") -> str:
    """SQL for the name of the plan that covers a payment line, such as 'PEN agent from 2026-01-01'."""
    if not plans:
        return "CAST(NULL AS VARCHAR)"
    return f"CASE {_whens(plans, prefix, _name)} END"


def _case(plans: tuple[FeePlan, ...], prefix: str, amount: Callable[[FeePlan], str]) -> str:
    if not plans:
        return "CAST(NULL AS DECIMAL(18,6))"
    return f"CASE {_whens(plans, prefix, amount)} ELSE CAST(NULL AS DECIMAL(18,6)) END"


def _whens(plans: tuple[FeePlan, ...], prefix: str, then: Callable[[FeePlan], str]) -> str:
    by_precedence = sorted(plans, key=lambda p: (p.channel == "*", p.currency, p.channel, p.valid_from))
    return " ".join(f"WHEN {_applies(plan, prefix)} THEN {then(plan)}" for plan in by_precedence)


def _name(plan: FeePlan) -> str:
    channel = "any channel" if plan.channel == "*" else plan.channel.replace("'", "''")
    return f"'{plan.currency} {channel} from {plan.valid_from}'"


def _applies(plan: FeePlan, prefix: str) -> str:
    parts = [f"{prefix}currency = '{plan.currency}'", f"{prefix}settlement_date >= DATE '{plan.valid_from}'"]
    if plan.valid_to is not None:
        parts.append(f"{prefix}settlement_date <= DATE '{plan.valid_to}'")
    if plan.channel != "*":
        channel = plan.channel.replace("'", "''")
        parts.append(f"{prefix}channel = '{channel}'")
    return " AND ".join(parts)


def _fee(plan: FeePlan, prefix: str) -> str:
    fee = f"{_share(f'{prefix}gross', plan.percent, plan.decimals, plan.fixed)}"
    fee = f"GREATEST({fee}, {_decimal(plan.minimum)})" if plan.minimum else fee
    return f"LEAST({fee}, {_decimal(plan.maximum)})" if plan.maximum is not None else fee


def _share(amount: str, percent: Decimal, decimals: int, fixed: Decimal = Decimal(0)) -> str:
    """`percent` of `amount`, plus `fixed`, rounded.

    DuckDB multiplies in 64 bits and gives up beyond 18 digits, which with fourteen decimals is at ten thousand; in 128
    bits it takes forty times as long. So large amounts, and only they, are multiplied wide.
    """
    rate = f"CAST('{percent / 100:f}' AS DECIMAL(9,8))"
    exact = f"CAST({amount} AS DECIMAL(18,6))"

    def rounded(product: str) -> str:
        share = f"{product} + {_decimal(fixed)}" if fixed else product
        return f"CAST(ROUND({share}, {decimals}) AS DECIMAL(18,6))"

    narrow, wide = rounded(f"{exact} * {rate}"), rounded(f"CAST({exact} AS DECIMAL(27,6)) * {rate}")
    most = min(_NARROW * 100 // percent, _MOST) if percent else _MOST
    return f"CASE WHEN {amount} BETWEEN -{most} AND {most} THEN {narrow} ELSE {wide} END"


def _decimal(amount: Decimal) -> str:
    return f"CAST('{amount:f}' AS DECIMAL(18,6))"
