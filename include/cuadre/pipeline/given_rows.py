"""What `reconcile` refuses of the rows it is given: those of others, codes there are not, and what is there twice.

No model asks for a row of an unknown code, so that it would be lost without a word; a claim that is lost lets an order
be cleared a second time. Which columns and values a file may have at all is checked before, in `given.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from cuadre.config.source import Source
from cuadre.matching.engine import Engine
from cuadre.model.codes import OPEN, RETURNS, BankMethod, BankReason, BatchStatus, LineType, OrderStatus, Outcome
from cuadre.model.columns import BANK_MATCHES
from cuadre.model.errors import ConfigurationError, Refusal
from cuadre.model.literals import literal, literals

_LAST_LINE = 1_000_000_000
"""The highest number a line may have in its archive: far more than any holds, and within the room of line_key."""

_OPEN = tuple(outcome.name for outcome in OPEN)
_CLAIMING = (LineType.PAYMENT, *RETURNS)


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Rows that must not be there: the condition on them, and what is said after how many they are."""

    rows: str
    said: str


def refuse_rows(db: Engine, source: Source, day: date, given: Collection[str]) -> None:
    """Return when the inputs of `day` hold only rows of `source` that mean something.

    Args:
        db: Where the inputs are.
        source: Whose rows they have to be.
        day: The settlement date.
        given: The optional inputs that there are, as `reconcile` calls them; the others are not looked at.

    Raises:
        ConfigurationError: with the number of rows, never a value.
    """
    _refuse(db, "todays_lines AS l", "lines", (*_line_flaws(source, "l"), _other_day("l.settlement_date", day)))
    _refuse(db, "snapshot_orders AS o", "orders", _order_flaws(source, "o"))
    if "open_items" in given:
        _refuse(db, "open_items AS i", "open items", _item_flaws(source, day))
        _refuse_copies(db, "open_items", "open items", ("item_id",))
    if "earlier" in given:
        _refuse(db, "earlier_outcomes AS e", "earlier outcomes", _outcome_flaws(source))
    if "claims" in given:
        _refuse(db, "given_claims AS c", "claims", _claim_flaws())
        _refuse_contradictions(db)
    if "bank_matches" in given:
        _refuse(db, "bank_before AS b", "bank matches", _bank_flaws(source))
        _refuse_copies(db, "bank_before", "bank matches", BANK_MATCHES.key)


def refuse_repeated_lines(db: Engine) -> None:
    """Return when no line in play is there twice; Refusal with their number.

    Lines that were plainly cleared cannot be, or they would not have been.
    """
    repeated = db.rows("SELECT COUNT(*) - COUNT(DISTINCT line_key) FROM rest_lines")[0][0]
    if repeated:
        raise Refusal(f"{repeated} lines are there twice, by archive and line number: give each admitted file once.")


def refuse_repeated_orders(db: Engine) -> None:
    """Return when no order in play is there twice; Refusal with their number."""
    repeated = db.rows("SELECT COUNT(*) - COUNT(DISTINCT order_id) FROM rest_orders")[0][0]
    if repeated:
        raise Refusal(
            f"The order snapshot holds {repeated} rows for an order_id that is there already; "
            "take the snapshot again so that each order has one row."
        )


def _line_flaws(source: Source, line: str) -> tuple[_Flaw, ...]:
    return (
        _strangers(source, f"{line}.source"),
        _unknown(f"{line}.line_type", LineType, "are of a type there is not"),
        _Flaw(
            f"{line}.line_no NOT BETWEEN 1 AND {_LAST_LINE}",
            f"have a number that is not between 1 and {_LAST_LINE:,}",
        ),
    )


def _order_flaws(source: Source, order: str) -> tuple[_Flaw, ...]:
    """An order of a status there is not would never be due, and would be missed by nobody."""
    return (
        _Flaw(f"{order}.merchant <> {literal(source.merchant)}", f"are of another merchant than {source.merchant}"),
        _unknown(f"{order}.status", OrderStatus, "have a status there is not"),
    )


def _item_flaws(source: Source, day: date) -> tuple[_Flaw, ...]:
    return (
        _strangers(source, "i.source"),
        _unknown("i.outcome", _OPEN, "have an outcome with which nothing stays open"),
        _Flaw(f"i.settlement_date > {literal(day)}", f"are of a later day than {day}"),
        _Flaw('i.line.source IS NULL AND i."order".merchant IS NULL', "hold neither a line nor an order"),
        *_line_flaws(source, "i.line"),
        *_order_flaws(source, 'i."order"'),
    )


def _outcome_flaws(source: Source) -> tuple[_Flaw, ...]:
    return (
        _strangers(source, "e.source"),
        _unknown("e.outcome", Outcome, "are of a kind there is not"),
        _unknown("e.line_type", LineType, "are of lines of a type there is not"),
        _Flaw("(e.archive_id IS NULL) <> (e.line_no IS NULL)", "name an archive without a line, or a line alone"),
    )


def _claim_flaws() -> tuple[_Flaw, ...]:
    return (
        _unknown("c.line_type", _CLAIMING, "are of a type that claims nothing"),
        _Flaw(
            "c.order_id IS NULL AND c.archive_id IS NULL AND c.line_type = 'PAYMENT'",
            "are payments and name neither order nor line",
        ),
        _Flaw("(c.archive_id IS NULL) <> (c.line_no IS NULL)", "name an archive without a line, or a line alone"),
        _Flaw(
            "c.line_type <> 'PAYMENT' AND (c.archive_id IS NULL OR c.currency IS NULL OR c.gross IS NULL)",
            "gave money back and do not say in which line, or how much",
        ),
    )


def _bank_flaws(source: Source) -> tuple[_Flaw, ...]:
    credit = ("credit_id", "value_date", "credited", "applied")
    held = " + ".join(f"CASE WHEN b.{name} IS NULL THEN 0 ELSE 1 END" for name in credit)
    return (
        _strangers(source, "b.source"),
        _Flaw("b.batch_date > b.settlement_date", "are of a batch of a later day than their own"),
        _unknown("b.status", BatchStatus, "have a status there is not"),
        _unknown("b.reason", BankReason, "have a reason there is not"),
        _unknown("b.method", BankMethod, "have a method there is not"),
        _Flaw(f"{held} NOT IN (0, {len(credit)})", f"have some of {', '.join(credit)} and not the others"),
    )


def _other_day(column: str, day: date) -> _Flaw:
    """Lines of earlier days come up again in open items, and nowhere else: here they would be taken for today's."""
    return _Flaw(
        f"{column} <> {literal(day)}",
        f"are of another settlement date than {day}; reconcile each day by itself, "
        "with the open items the day before left",
    )


def _strangers(source: Source, column: str) -> _Flaw:
    return _Flaw(f"{column} <> {literal(source.source)}", f"are of another source than {source.source}")


def _unknown(column: str, codes: type[Enum] | Iterable[str], said: str) -> _Flaw:
    known = [code.name if isinstance(code, Enum) else code for code in codes]
    return _Flaw(f"{column} NOT IN ({literals(known)})", f"{said}; known are {', '.join(known)}")


def _refuse(db: Engine, relation: str, what: str, flaws: Sequence[_Flaw]) -> None:
    """Every flaw is a condition of its own, so that where the file's statistics rule it out nothing is read.

    A condition that comes to NULL, as where there is no such record, is none.
    """
    counts = (
        f"SELECT {place} AS place, COUNT(*) AS found FROM {relation} WHERE {flaw.rows}"
        for place, flaw in enumerate(flaws)
    )
    for place, found in db.rows(
        f"SELECT * FROM ({' UNION ALL '.join(counts)}) AS flaws WHERE found > 0 ORDER BY place"
    ):
        raise ConfigurationError(f"{found} {what} {flaws[place].said}.")


def _refuse_contradictions(db: Engine) -> None:
    """A line is of one type and amount for good, and a day judged it once.

    The same claim may be there twice; of two that differ one would be taken, and the smaller one leaves room for more.
    """
    returns = f"FROM given_claims WHERE line_type IN ({literals(RETURNS)})"
    for told, of in (("line_type, currency, gross", ""), ("order_id", ", settlement_date")):
        line = f"archive_id, line_no{of}"
        differing = f"SELECT {line} FROM (SELECT DISTINCT {line}, {told} {returns}) AS said"
        found = db.rows(f"SELECT COUNT(*) FROM ({differing} GROUP BY {line} HAVING COUNT(*) > 1) AS twice")[0][0]
        if found:
            raise ConfigurationError(
                f"The claims say of {found} lines that gave money back, by {line}, two different things in {told}: "
                "give each claim as the day left it."
            )


def _refuse_copies(db: Engine, relation: str, what: str, key: Iterable[str]) -> None:
    columns = ", ".join(key)
    copies = f"SELECT COUNT(*) - 1 AS more FROM {relation} GROUP BY {columns} HAVING COUNT(*) > 1"
    repeated = db.rows(f"SELECT COALESCE(SUM(more), 0) FROM ({copies}) AS copies")[0][0]
    if repeated:
        raise ConfigurationError(f"{repeated} {what} are there twice, by {columns}: give each once.")
