"""The passes of payment lines as steps: those by one reference, and what a source adds to them.

What a source may declare is in `cuadre.config.matching`; the rules themselves are the SQL models. A further pass works
on what the passes by reference could not close, so it never undoes a pair of theirs, and none of its groups is starved
by a pass that sees two lines on an order and can only say duplicate.
"""

from __future__ import annotations

from decimal import Decimal

from cuadre.config.matching import Matching, Pass
from cuadre.config.source import Source
from cuadre.matching.steps import Step
from cuadre.model.literals import literal

_COMPARABLE = "(l.currency = o.currency OR l.exchanged_from = o.currency)"
"""The line says what was paid in the order's currency: it is in that currency, or was exchanged from it at a rate."""

BY_REFERENCE = {
    "psp_reference": "l.psp_reference = o.psp_reference",
    "merchant_reference": f"l.merchant_reference = o.order_id AND {_COMPARABLE}",
    # A line that names an order of the merchant's is believed in that, whatever its operation number may look like.
    "operation_reference": (
        f"l.operation_reference = o.psp_reference AND l.merchant_reference IS NULL AND {_COMPARABLE}"
    ),
    "merchant_reference_only": f"l.merchant_reference = o.order_id AND NOT COALESCE({_COMPARABLE}, FALSE)",
}
"""The built-in passes, with what makes an order a candidate for a line."""

_SIDES = {
    "lines_to_order": {
        "whole": "order_id",
        "part": "line_key",
        "whole_money": "p.expected",
        "part_money": "p.got",
        "part_name": "CONCAT(LEFT(p.archive_id, 8), ':', CAST(p.line_no AS VARCHAR))",
        "wholes_of_part": "p.orders_of_line",
        "amount": "g.whole_money",
        "gross": "g.total",
    },
    "orders_to_line": {
        "whole": "line_key",
        "part": "order_id",
        "whole_money": "p.got",
        "part_money": "p.expected",
        "part_name": "p.order_id",
        "wholes_of_part": "p.lines_of_order",
        "amount": "g.total",
        "gross": "g.whole_money",
    },
}
"""Which side of a group is the whole and which the parts, for the models that add up either."""

_NOTHING_EXPLAINED = "SELECT CAST(NULL AS BIGINT) AS line_key, CAST(NULL AS VARCHAR) AS order_id WHERE FALSE"
_NOTHING_GROUPED = (
    "SELECT CAST(NULL AS BIGINT) AS line_key, CAST(NULL AS VARCHAR) AS order_id, CAST(NULL AS VARCHAR) AS outcome, "
    "NO_REASONS() AS reasons, CAST(NULL AS VARCHAR) AS currency, CAST(NULL AS DECIMAL(18,6)) AS expected, "
    "CAST(NULL AS DECIMAL(18,6)) AS got, CAST(NULL AS DECIMAL(18,6)) AS delta, CAST(NULL AS VARCHAR) AS pass, "
    "CAST(NULL AS BIGINT) AS paying_line "
    "WHERE FALSE"
)
"""What no further pass explains, and what no group makes."""


def pass_steps(source: Source) -> tuple[Step, ...]:
    """The steps that find and compare candidates: from `rest_lines` and `open_orders` to `considered` and `grouped`."""
    by_reference = _reference_steps(source.matching)
    pairs = {"pairs": _pairs(source.matching.by_reference), "tolerance": _base_tolerance(source)}
    further = source.matching.further
    if not further:
        return (
            *by_reference,
            Step("considered", "compared", parameters=pairs),
            Step("explained", parameters={"rows": _NOTHING_EXPLAINED}),
            Step("grouped", parameters={"rows": _NOTHING_GROUPED}),
        )
    steps = [
        *by_reference,
        Step("referenced", "compared", parameters=pairs),
        Step("undecided_lines"),
        Step("undecided_orders"),
    ]
    lines, orders = "undecided_lines", "undecided_orders"
    for each in further:
        steps += _further(each, source, lines, orders)
        found = {"candidates": f"explained_{each.name}"}
        steps += [
            Step(f"undecided_lines_{each.name}", "spare_lines", view=True, parameters={**found, "lines": lines}),
            Step(f"undecided_orders_{each.name}", "spare_orders", view=True, parameters={**found, "orders": orders}),
        ]
        lines, orders = f"undecided_lines_{each.name}", f"undecided_orders_{each.name}"
    groups = [each for each in further if each.group]
    return (
        *steps,
        Step("explained", parameters={"rows": _all("explained", further)}),
        Step("considered", "still_considered", parameters={"pairs": _closed(further)}),
        Step("grouped", parameters={"rows": _all("grouped", groups) if groups else _NOTHING_GROUPED}),
    )


def _base_tolerance(source: Source) -> str:
    """SQL for the source's own tolerance of a line's amount, in the order's currency."""
    return _by_currency(source.settlement.tolerance, "o.currency")


def _reference_steps(matching: Matching) -> list[Step]:
    """Each pass over what the earlier ones left: candidates, then the lines and orders without any."""
    steps: list[Step] = []
    lines, orders = "rest_lines", "open_orders"
    last = matching.by_reference[-1]
    for each in matching.by_reference:
        steps.append(_candidates(each.name, lines, orders, BY_REFERENCE[each.name]))
        if each is not last:
            found = {"candidates": f"candidates_{each.name}"}
            steps += [
                Step(f"spare_lines_{each.name}", "spare_lines", view=True, parameters={**found, "lines": lines}),
                Step(f"spare_orders_{each.name}", "spare_orders", view=True, parameters={**found, "orders": orders}),
            ]
            lines, orders = f"spare_lines_{each.name}", f"spare_orders_{each.name}"
    return steps


def _further(each: Pass, source: Source, lines: str, orders: str) -> list[Step]:
    """One further pass: its candidates, compared, and what of them is explained by it."""
    pairs = {"pairs": _pairs((each,)), "tolerance": _tolerance(each, source, "l.currency", "o.amount", "l.gross")}
    shared = {
        "weighed": f"weighed_{each.name}",
        "compared": f"compared_{each.name}",
        "lines": lines,
        "pass": literal(each.name),
    }
    steps = [
        _candidates(each.name, lines, orders, _condition(each)),
        Step(f"compared_{each.name}", "compared", parameters=pairs),
        Step(f"weighed_{each.name}", "weighed", parameters=shared),
    ]
    if each.group is None:
        return [*steps, Step(f"explained_{each.name}", "unique_pairs", parameters=shared)]
    sides = _SIDES[each.group]
    summed = {
        **sides,
        **shared,
        "members": f"members_{each.name}",
        "tolerance": _tolerance(each, source, "g.currency", sides["amount"], sides["gross"]),
        "max_items": literal(each.subset_sum.max_items if each.subset_sum else 0),
    }
    rows = "settled_in_parts" if each.group == "lines_to_order" else "settled_together"
    return [
        *steps,
        Step(f"members_{each.name}", "group_members", parameters=summed),
        Step(f"sums_{each.name}", "subset_sums" if each.subset_sum else "group_sums", parameters=summed),
        Step(f"told_{each.name}", "told", parameters={**sides, **shared, "sums": f"sums_{each.name}"}),
        Step(f"grouped_{each.name}", rows, parameters={"told": f"told_{each.name}", "pass": literal(each.name)}),
        Step(
            f"explained_{each.name}",
            "explained",
            parameters={"rows": f"SELECT line_key, order_id FROM sums_{each.name}"},
        ),
    ]


def _candidates(name: str, lines: str, orders: str, condition: str) -> Step:
    parameters = {"lines": lines, "orders": orders, "condition": condition}
    return Step(f"candidates_{name}", "candidates", parameters=parameters)


def _condition(each: Pass) -> str:
    condition = f"{BY_REFERENCE[str(each.by)]} AND l.currency = o.currency"
    if each.date_lag is None:
        return condition
    lag = f"l.settled_no - o.paid_no BETWEEN {literal(each.date_lag.first)} AND {literal(each.date_lag.last)}"
    return f"{condition} AND {lag}"


def _tolerance(each: Pass, source: Source, currency: str, amount: str, gross: str) -> str:
    """SQL for what `each` tolerates: its own, or without one the source's."""
    if each.percent is not None:
        share = f"CAST('{each.percent / 100:f}' AS DECIMAL(9, 8))"
        return f"CAST(ABS({amount if each.of == 'order' else gross}) AS DECIMAL(27, 6)) * {share}"
    return _by_currency(each.amount_tolerance or source.settlement.tolerance, currency)


def _by_currency(tolerance: dict[str, Decimal], currency: str) -> str:
    whens = " ".join(f"WHEN {literal(name)} THEN {literal(amount)}" for name, amount in sorted(tolerance.items()))
    return f"CASE {currency} {whens} ELSE 0 END" if whens else "0"


def _pairs(passes: tuple[Pass, ...]) -> str:
    return " UNION ALL ".join(
        f"SELECT {literal(each.name)} AS pass, line_key, order_id FROM candidates_{each.name}" for each in passes
    )


def _closed(passes: tuple[Pass, ...]) -> str:
    """The pairs, one line to one order, that further passes closed, compared by their own tolerance."""
    alone = [each.name for each in passes if each.group is None]
    return "".join(
        f" UNION ALL SELECT c.* FROM compared_{name} AS c INNER JOIN explained_{name} AS e"
        " ON e.line_key = c.line_key AND e.order_id = c.order_id"
        for name in alone
    )


def _all(name: str, passes: list[Pass] | tuple[Pass, ...]) -> str:
    return " UNION ALL ".join(f"SELECT * FROM {name}_{each.name}" for each in passes)
