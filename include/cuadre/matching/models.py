"""The models in the order they run, and the parameters they share.

Reading order: inputs, first pass over everything, the few rows that need a second look, later passes, decisions,
results. Each is one statement in `sql/<name>.sql`; results become tables where they are read more than once.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from cuadre.config.fees import fee_sql, tax_sql
from cuadre.config.source import Source
from cuadre.matching.exchanging import believed_difference, believed_rate
from cuadre.matching.passes import pass_steps
from cuadre.matching.steps import Step
from cuadre.model.clearing import CLEARS
from cuadre.model.codes import CLEARED, OPEN, RETURNS, TAKEN_STATUSES
from cuadre.model.columns import LINES, ORDERS
from cuadre.model.literals import literal, literals

_LINE_ROOM = 1 << 40
"""What an archive has room for in a line_key, which is the archive's number times this, and the line's number."""

_AFTER_LINES = 1 << 62
"""Above every line_key: from here on, orders without a line have their places in the file."""

_CALENDAR_REACH = (timedelta(days=1_100), timedelta(days=400))
"""So far before and after the settlement date business days are numbered; items are carried for months, not years."""


def steps(source: Source, small: bool) -> tuple[Step, ...]:
    """All steps before the results, in order.

    What is as large as the inputs is a view over their files, so that memory is left for what is made of it. Of a small
    day it is a table: to plan each view anew for each of its readers would be a fifth of the work of such a day.
    """
    return (
        Step("calendar"),
        Step("carried_lines"),
        Step("carried_orders"),
        Step("archives"),
        Step("seen_lines"),
        Step("lines", view=not small),
        Step("orders", view=not small),
        Step("outcome_claims", view=True),
        Step("claims", view=not small),
        Step("earlier_payments", view=not small),
        Step("nameless_lines"),
        Step("settled_operations"),
        Step("first_pass"),
        Step("repeated_lines"),
        Step("retold_lines"),
        Step("repeated_orders"),
        Step("claimed_orders"),
        Step("second_look"),
        Step("cleared", view=not small),
        Step("rest_lines"),
        Step("given_back"),
        Step("lone_returns"),
        Step("return_references"),
        Step("claimed_references"),
        Step("original_lines"),
        Step("needed_orders"),
        Step("found_orders"),
        Step("cleared_orders"),
        Step("rest_orders"),
        Step("operations"),
        Step("last_cleared"),
        Step("open_orders", view=True),
        *pass_steps(source),
        Step("settled_before"),
        Step("payments"),
        Step("paid_orders"),
        Step("contested_orders"),
        Step("waiting_orders"),
        Step("original_candidates"),
        Step("originals"),
        Step("earlier_returns"),
        Step("given_back_before"),
        Step("overdrawn"),
        Step("returns"),
        Step("edited_orders"),
        Step("decided"),
        Step("items"),
    )


def shared_parameters(
    source: Source, settlement_date: date, as_of: datetime, lacking: Collection[str] = ()
) -> dict[str, str]:
    """What the models may ask for by name, as SQL literals and expressions; `lacking` are columns no order has."""
    settlement = source.settlement
    return claiming_parameters() | {
        "source": literal(source.source),
        "settlement_date": literal(settlement_date),
        "as_of": literal(as_of),
        "paid_before": literal(paid_before(source, as_of)),
        "zone": literal(source.timezone),
        "lag_days": literal(settlement.lag_days),
        "line_room": literal(_LINE_ROOM),
        "after_lines": literal(_AFTER_LINES),
        "due_from": literal(due_from(source, settlement_date)),
        "days": _days(source, settlement_date),
        "same_channel": "TRUE" if "channel" in lacking else "COALESCE(l.channel = o.channel, TRUE)",
        "contract_fee": fee_sql(source.fees, prefix="l."),
        "contract_tax": tax_sql(source.fees, "l.fee", prefix="l."),
        "believed_rate": believed_rate(settlement.exchange),
        "believed_difference": believed_difference(settlement.exchange),
        "taken": literals(TAKEN_STATUSES),
        "cleared_outcomes": literals(outcome.name for outcome in CLEARED),
        "open_outcomes": literals(outcome.name for outcome in OPEN),
        "open_line_fields": _fields("o.line", LINES.names),
        "open_order_fields": _fields('o."order"', ORDERS.names),
        "line_struct": _struct("l", "line_key", LINES.names),
        "order_struct": _struct("o", "order_id", ORDERS.names),
    }


def claiming_parameters() -> dict[str, str]:
    """What the models that say which outcomes use something up may ask for."""
    return {
        "clears": CLEARS,
        "returns": literals(RETURNS),
    }


def paid_before(source: Source, as_of: datetime) -> datetime:
    """The first instant of payment that is NOT due at `as_of`, for orders that name no due moment.

    Such an order is due at the source's local as-of time of the day its local day of payment is in hand. So it is due
    when that day is at most the last day whose due moment has come: when it was paid before the end of that day.
    """
    last = as_of.astimezone(source.zone).date()
    while datetime.combine(source.settlement.in_hand_on(last), source.schedule.as_of, tzinfo=source.zone) > as_of:
        last -= timedelta(days=1)
    return datetime.combine(last + timedelta(days=1), time(0), tzinfo=source.zone)


def due_from(source: Source, settlement_date: date) -> datetime:
    """An instant from which on every order due is in time for lines of `settlement_date`.

    That is local midnight of the day they are in hand; of two readings around a change of clocks the later one.
    """
    midnight = datetime.combine(source.settlement.in_hand_on(settlement_date), time(0), source.zone)
    return max(midnight.astimezone(UTC), midnight.replace(fold=1).astimezone(UTC))


def _days(source: Source, settlement_date: date) -> str:
    """The rows of the calendar around `settlement_date`; one of NULLs where nobody counts business days."""
    settlement = source.settlement
    if settlement.calendar.plain and not any(each.date_lag for each in source.matching.further):
        return "(NULL, NULL, NULL)"
    before, after = _CALENDAR_REACH
    days = settlement.calendar.days(settlement_date - before, settlement_date + after)
    return ", ".join(f"({literal(day)}, {literal(settlement.in_hand_on(day))}, {number})" for day, number in days)


def _struct(alias: str, key: str, names: tuple[str, ...]) -> str:
    fields = ", ".join(f"'{name}': {alias}.{name}" for name in names)
    return f"CASE WHEN {alias}.{key} IS NOT NULL THEN {{{fields}}} END"


def _fields(struct: str, names: tuple[str, ...]) -> str:
    return ", ".join(f"{struct}.{name} AS {name}" for name in names)
