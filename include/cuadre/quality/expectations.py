"""Every expectation on a day's lines, declared once: name, severity, sentence and what breaks it.

The Great Expectations suite, `docs/checks.md` and the tests are made from `EXPECTATIONS` and from the column registry.
What does not live here: SQL that takes more than a comparison (`queries.py`), how it is run, and what a failure does.

Which severity: critical where going on would publish wrong money or a wrong day (the lines contradict themselves, or
are not what was asked for), warning where a line is merely wrong or odd: reconciliation gives that line its outcome,
and a gate that closed for it would only hide the rest of the day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from cuadre.config.fees import fee_sql, tax_sql
from cuadre.config.source import Source
from cuadre.model.codes import RETURNS, CheckSeverity, LineType
from cuadre.model.columns import LINES
from cuadre.model.literals import literals
from cuadre.quality.queries import (
    Query,
    after_day,
    before_window,
    exchange_in_part,
    line_repeated,
    lines_lacking,
    no_fee_plan,
    outside_limits,
    rate_not_believed,
    repeated,
    schema,
    unbalanced_batch,
    untidy,
)

CRITICAL = CheckSeverity.CRITICAL
WARNING = CheckSeverity.WARNING

PAYMENTS = (LineType.PAYMENT,)
GIVING_BACK = (LineType.REFUND, LineType.REVERSAL, LineType.CHARGEBACK)
COSTED = (LineType.PAYMENT, LineType.FEE)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation.

    `query` gives the SQL for a source and settlement date; a line it selects is unexpected. `line_types` are the lines
    it speaks of, all of them when empty: they are what `rows` in its result counts.
    """

    name: str
    severity: CheckSeverity
    doc: str
    query: Query
    line_types: tuple[LineType, ...] = ()


def _where(condition: Callable[[Source, date], str], line_types: tuple[LineType, ...] = ()) -> Query:
    """The query of all lines of `line_types` for which `condition` is true; NULL is not true."""
    scope = f"line_type IN ({literals(line_types)}) AND " if line_types else ""
    return lambda source, day: f"SELECT archive_id, line_no FROM {{batch}} WHERE {scope}({condition(source, day)})"


def _rule(
    name: str,
    severity: CheckSeverity,
    doc: str,
    condition: Callable[[Source, date], str],
    line_types: tuple[LineType, ...] = (),
) -> Expectation:
    return Expectation(name, severity, doc, _where(condition, line_types), line_types)


def _given(column: str) -> Expectation:
    return _rule(f"{column}_given", CRITICAL, f"Every line has its {column}.", lambda _s, _d: f"{column} IS NULL")


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        "columns_as_declared",
        CRITICAL,
        "Every column of the registry is there with its declared type; money is an exact decimal, never a float.",
        schema,
    ),
    *(_given(column.name) for column in LINES.columns if not column.nullable),
    Expectation(
        "line_unique",
        CRITICAL,
        "No line is there twice: archive and line number identify it.",
        line_repeated,
    ),
    Expectation(
        "lines_complete",
        WARNING,
        "The line numbers of each archive run from 1 without a gap; the last line of an archive with a gap is named.",
        lines_lacking,
    ),
    _rule(
        "one_source",
        CRITICAL,
        "Every line is of the source asked for.",
        lambda source, _: f"source <> '{source.source}'",
    ),
    _rule(
        "settlement_date_asked",
        CRITICAL,
        "Every line is of the settlement day asked for.",
        lambda _, day: f"settlement_date <> DATE '{day}'",
    ),
    _rule(
        "currency_allowed",
        CRITICAL,
        "Every currency is one of the source's.",
        lambda source, _: f"currency NOT IN ({literals(source.currencies)})",
    ),
    _rule(
        "line_type_known",
        CRITICAL,
        "Every line type is one of the LineType codes.",
        lambda _s, _d: f"line_type NOT IN ({literals(LineType)})",
    ),
    _rule(
        "net_adds_up",
        CRITICAL,
        "net = gross - fee - tax, exactly.",
        lambda _s, _d: "net <> gross - fee - tax",
    ),
    _rule(
        "payment_gross_positive",
        CRITICAL,
        "A payment has a positive gross.",
        lambda _s, _d: "gross <= 0",
        PAYMENTS,
    ),
    _rule(
        "return_gross_negative",
        CRITICAL,
        "A refund, reversal or chargeback has a negative gross.",
        lambda _s, _d: "gross >= 0",
        GIVING_BACK,
    ),
    Expectation(
        "batch_nets_to_zero",
        CRITICAL,
        "In every batch and currency with a payout, the nets of all lines, payout included, sum to zero.",
        unbalanced_batch,
        (LineType.PAYOUT,),
    ),
    _rule(
        "payment_within_limits",
        WARNING,
        "A payment's gross lies within the source's limits for its currency.",
        outside_limits,
        PAYMENTS,
    ),
    _rule(
        "fee_plan_known",
        WARNING,
        "The fee contract has a plan for every payment; not asked when the source declares no plans.",
        no_fee_plan,
        PAYMENTS,
    ),
    _rule(
        "fee_as_contract",
        WARNING,
        "A payment's fee is the contract's.",
        lambda source, _: f"fee <> {fee_sql(source.fees)}",
        PAYMENTS,
    ),
    _rule(
        "tax_as_contract",
        WARNING,
        "A payment's tax is the contract's share of the fee charged.",
        lambda source, _: f"tax <> {tax_sql(source.fees, 'fee')}",
        PAYMENTS,
    ),
    _rule(
        "costs_not_negative",
        WARNING,
        "Fee and tax of payment and fee lines are not negative.",
        lambda _s, _d: "fee < 0 OR tax < 0",
        COSTED,
    ),
    Expectation(
        "psp_reference_unique",
        WARNING,
        "No provider reference stands on more than one payment.",
        repeated("psp_reference"),
        PAYMENTS,
    ),
    Expectation(
        "operation_reference_unique",
        WARNING,
        "No operation number stands on more than one payment.",
        repeated("operation_reference"),
        PAYMENTS,
    ),
    _rule(
        "payment_has_reference",
        WARNING,
        "A payment carries the provider's reference or the merchant's.",
        lambda _s, _d: "coalesce(psp_reference, '') = '' AND coalesce(merchant_reference, '') = ''",
        PAYMENTS,
    ),
    _rule(
        "return_names_original",
        WARNING,
        "A refund, reversal or chargeback names its original payment.",
        lambda _s, _d: "coalesce(original_reference, '') = ''",
        RETURNS,
    ),
    _rule(
        "references_trimmed",
        WARNING,
        "No reference is empty text or has blanks around it: empty is NULL.",
        untidy,
    ),
    _rule(
        "exchange_whole",
        WARNING,
        "An exchange has all its columns: another currency than the line's, a rate above 0, an amount of gross's sign.",
        exchange_in_part,
    ),
    _rule(
        "exchange_rate_believed",
        WARNING,
        "The rate of an exchange is among those the source believes; not asked when the source declares none.",
        rate_not_believed,
    ),
    _rule(
        "occurred_before_end_of_day",
        WARNING,
        "Nothing happened after the local end of the settlement day.",
        after_day,
    ),
    _rule(
        "occurred_within_lookback",
        WARNING,
        "Nothing happened before the days whose cut-off may still put it into this settlement (orders.lookback_days).",
        before_window,
    ),
)
"""All expectations, in the order in which they are reported."""
