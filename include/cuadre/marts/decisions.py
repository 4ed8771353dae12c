"""What people decide about open items, written into `recon.decision` and read back from its views.

Decisions live apart from the rows of days: publishing a day never touches them. Each holds the content of the item it
was made on, and counts only for that. Rows are only ever added; a decision is undone by a later `void`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from cuadre.config.source import Source
from cuadre.marts.deciding import CONTENT, FITS, LOGIN
from cuadre.model.clearing import CLEARS
from cuadre.model.codes import SETTLING, DecisionKind, Outcome
from cuadre.model.columns import DECISION
from cuadre.model.errors import ConfigurationError, Refusal
from cuadre.model.records import OutcomeTotal
from cuadre.warehouse import connect

_HINT = "Migrate the schema recon first, and see that the user may read the order table and write to recon.decision."
_MOST_SAID = 2_000
"""So many characters a reason may have."""

_ON_CLOSED = (DecisionKind.comment, DecisionKind.void)

Row = dict[str, Any]
"""A row of `recon.decision`, by column."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to say of an item.

    `linked_to` is for `link`: an order id, or the item id of another open break; `assignee` is for `assign`;
    `refers_to` is for `void`: the decision that shall count no more.
    """

    item_id: str
    kind: DecisionKind
    reason: str
    by: str
    linked_to: str | None = None
    assignee: str | None = None
    refers_to: str | None = None


def decide(url: str, source: Source, wish: Wish, *, now: datetime) -> Row:
    """Write down what somebody decided about an item; the row that was added.

    Whether a second person is needed is judged now, by the source's limit for the money decided on; a currency without
    a limit always needs one.

    Args:
        url: The warehouse.
        source: Whose item it is.
        wish: What is decided.
        now: The moment of the decision, aware.

    Raises:
        ConfigurationError: The wish is not of one of the shapes there are, or a name is no login.
        Refusal: The item, the order or the decision referred to is unknown, or it is closed or void already, or what
            is linked belongs to another one.
        WarehouseUnavailable: The warehouse cannot be reached; nothing is written.
    """
    _check_shape(wish)
    with _alone(url) as cursor:
        item = _break(cursor, source.source, wish.item_id)
        if item["status"] != "open" and wish.kind not in _ON_CLOSED:
            raise Refusal(f"{wish.item_id} is closed since {item['closed_on']}: there is nothing to decide.")
        if wish.linked_to is not None:
            _check_link(cursor, source, wish.linked_to)
            _check_claims(cursor, item, wish.linked_to)
        if wish.refers_to is not None:
            _check_void(cursor, source.source, wish)
        amount = item["at_risk"] or abs(item["got"] or item["expected"] or Decimal(0))
        limit = source.decisions.second_person_above.get(item["currency"])
        needed = wish.kind in SETTLING and (limit is None or amount > limit)
        return _add(cursor, item, wish, amount=amount, needs_second=needed, now=now)


def approve(url: str, decision_id: str, by: str, *, now: datetime) -> Row:
    """Write down that a second person agrees with a decision; the row that was added.

    Raises:
        ConfigurationError: `by` is no login, or the id no text.
        Refusal: There is no such decision, or it is void, or needs no approval or has one, or it is the same person's,
            or the item has changed since.
        WarehouseUnavailable: The warehouse cannot be reached; nothing is written.
    """
    _check_login(by)
    _check_id(decision_id)
    with _alone(url) as cursor:
        cursor.execute("SELECT * FROM recon.standing_decision WHERE decision_id = %s", (decision_id,))
        decision = cursor.fetchone()
        if decision is None:
            raise Refusal(f"There is no decision {decision_id} that settles something and is not void.")
        if decision["counts"]:
            raise Refusal(f"Decision {decision_id} counts already.")
        if decision["decided_by"] == by:
            raise Refusal(f"{by} made decision {decision_id}: somebody else has to approve it.")
        item = _break(cursor, decision["source"], decision["item_id"])
        if item["status"] != "open" or any(item[name] != decision[name] for name in CONTENT):
            raise Refusal(f"{decision['item_id']} has changed since it was decided on: decide anew.")
        wish = Wish(item["item_id"], DecisionKind.approve, decision["reason"], by, refers_to=decision_id)
        return _add(cursor, item, wish, amount=decision["amount"], needs_second=False, now=now)


def settled(url: str, source: str, day: date) -> tuple[OutcomeTotal, ...]:
    """The breaks of a settlement day, old and new, that a decision settles: by outcome and currency.

    Raises:
        WarehouseUnavailable: The warehouse cannot be reached.
        ConfigurationError: The schema `recon` is missing.
    """
    with connect(url, _HINT) as connection, connection.cursor() as cursor:
        cursor.execute(_SETTLED, {"source": source, "day": day})
        return tuple(OutcomeTotal(*row) for row in cursor.fetchall())


_SETTLED = f"""
    WITH state AS (
        SELECT DISTINCT ON (h.item_id) h.*, h.settlement_date < %(day)s OR LAG(h.status) OVER item = 'open' AS carried
        FROM recon.recon_break_history AS h
        WHERE h.source = %(source)s AND h.settlement_date <= %(day)s AND h.known_to IS NULL
        WINDOW item AS (PARTITION BY h.item_id ORDER BY h.settlement_date)
        ORDER BY h.item_id, h.settlement_date DESC
    )
    SELECT outcome, currency, COUNT(*), SUM(ABS(COALESCE(got, expected, 0))), SUM(at_risk),
        COUNT(*) FILTER (WHERE carried), COALESCE(SUM(at_risk) FILTER (WHERE carried), 0)
    FROM state AS b
    WHERE b.status = 'open' AND EXISTS (
        SELECT FROM recon.standing_decision AS d
        WHERE d.source = b.source AND d.item_id = b.item_id AND d.counts
            AND {FITS}
    )
    GROUP BY outcome, currency ORDER BY outcome, currency
"""


@contextmanager
def _alone(url: str) -> Iterator[psycopg.Cursor[Row]]:
    """A cursor while nobody else decides; committed when the block ends."""
    with connect(url, _HINT) as connection, connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('cuadre.decide'))")
        yield cursor


def _check_shape(wish: Wish) -> None:
    _check_login(wish.by)
    if wish.assignee is not None:
        _check_login(wish.assignee)
    for named in filter(None, (wish.item_id, wish.linked_to, wish.refers_to)):
        _check_id(named)
    _check_reason(wish.reason)
    needs = {DecisionKind.link: "linked_to", DecisionKind.assign: "assignee", DecisionKind.void: "refers_to"}
    for name in needs.values():
        if (getattr(wish, name) is not None) != (needs.get(wish.kind) == name):
            told = "needs" if needs.get(wish.kind) == name else "has no use for"
            raise ConfigurationError(f"A decision of kind {wish.kind.name} {told} {name}.")
    if wish.kind is DecisionKind.approve:
        raise ConfigurationError("Approve a decision by its id, not an item.")


def _check_id(named: str) -> None:
    if any(each == "\0" or "\ud800" <= each <= "\udfff" for each in named):
        raise ConfigurationError("An id is not text: copy it as recon.open_break shows it.")


def _check_reason(reason: str) -> None:
    if not any(each.isprintable() and not each.isspace() for each in reason):
        raise ConfigurationError("Give a reason: whoever reads it later was not there.")
    if len(reason) > _MOST_SAID:
        raise ConfigurationError(f"Give the reason in at most {_MOST_SAID:,} characters.")
    if not all(each.isprintable() or each in "\n\t" for each in reason):
        raise ConfigurationError("The reason holds control characters, or is not text.")


def _check_login(name: str) -> None:
    if not re.fullmatch(LOGIN, name):
        raise ConfigurationError(
            "Name people by their login: lower-case letters, digits, dots, hyphens and underscores, no e-mail address."
        )


def _break(cursor: psycopg.Cursor[Row], source: str, item_id: str) -> Row:
    cursor.execute("SELECT * FROM recon.recon_break WHERE source = %s AND item_id = %s", (source, item_id))
    found = cursor.fetchone()
    if found is None:
        raise Refusal(f"{source} has no break {item_id}; recon.recon_break shows the items there are.")
    return found


def _check_link(cursor: psycopg.Cursor[Row], source: Source, target: str) -> None:
    cursor.execute(
        "SELECT FROM recon.recon_break WHERE source = %s AND item_id = %s AND status = 'open'", (source.source, target)
    )
    if cursor.fetchone() is not None:
        return
    table = sql.Identifier(*source.orders.table.split("."))
    query = sql.SQL("SELECT FROM {} WHERE order_id = %s AND merchant = %s LIMIT 1").format(table)
    cursor.execute(query, (target, source.merchant))
    if cursor.fetchone() is None:
        raise Refusal(f"There is no order and no open item {target} to link with.")


def _check_claims(cursor: psycopg.Cursor[Row], item: Row, target: str) -> None:
    """One record, one claim: neither the item nor what it is linked with may be another one's by now.

    An item may be linked anew: the later link holds. Money given back claims nothing: it may be a part.
    """
    if target in (item["item_id"], item["item_id"].removeprefix("order:")):
        raise Refusal(f"{item['item_id']} cannot be linked with itself.")
    if item["outcome"] == Outcome.unlinked.name or (item["got"] or 0) < 0:
        return
    pair = {item["item_id"], f"order:{target}", target}
    names = list(pair | {name.removeprefix("order:") for name in pair})
    cursor.execute(_LINKED.encode(), {"source": item["source"], "item": item["item_id"], "names": names})
    if (other := cursor.fetchone()) is not None:
        raise Refusal(
            f"Decision {other['decision_id']} links {other['item_id']} with {other['linked_to']}: "
            "a record belongs to one other; void that decision first."
        )
    cursor.execute(_CLEARED_BY.encode(), {"source": item["source"], "order": target.removeprefix("order:")})
    if cursor.fetchone() is not None:
        raise Refusal(f"A line cleared {target} already: a record belongs to one other.")


_LINKED = f"""
    WITH holds AS (
        SELECT DISTINCT ON (d.item_id) d.decision_id, d.item_id, d.kind, d.linked_to
        FROM recon.standing_decision AS d
        JOIN recon.recon_break AS b ON b.source = d.source AND b.item_id = d.item_id AND b.status = 'open'
        WHERE d.source = %(source)s AND d.item_id <> %(item)s AND {FITS}
        ORDER BY d.item_id, d.counts DESC, d.decided_at DESC, d.decision_id
    )
    SELECT decision_id, item_id, linked_to
    FROM holds
    WHERE kind = 'link' AND (item_id = ANY(%(names)s)) <> (linked_to = ANY(%(names)s))
    ORDER BY item_id
"""
"""Links of other items that hold and touch one record of the pair, and not the other one too."""

_CLEARED_BY = f"""
    SELECT FROM recon.recon_line
    WHERE source = %(source)s AND order_id = %(order)s AND {CLEARS}
    LIMIT 1
"""


def _check_void(cursor: psycopg.Cursor[Row], source: str, wish: Wish) -> None:
    cursor.execute(
        "SELECT kind FROM recon.decision WHERE decision_id = %s AND source = %s AND item_id = %s AND kind <> 'void'",
        (wish.refers_to, source, wish.item_id),
    )
    if cursor.fetchone() is None:
        raise Refusal(f"There is no decision {wish.refers_to} about {wish.item_id}.")
    cursor.execute("SELECT FROM recon.decision WHERE kind = 'void' AND refers_to = %s", (wish.refers_to,))
    if cursor.fetchone() is not None:
        raise Refusal(f"Decision {wish.refers_to} is void already.")


def _add(
    cursor: psycopg.Cursor[Row], item: Row, wish: Wish, *, amount: Decimal, needs_second: bool, now: datetime
) -> Row:
    said = (item["source"], wish.item_id, wish.kind.name, wish.reason, wish.refers_to, wish.by, now.isoformat())
    row = {
        "decision_id": hashlib.sha256(repr(said).encode()).hexdigest()[:12],
        **{name: item[name] for name in ("source", "item_id", *CONTENT)},
        "kind": wish.kind.name,
        "reason": wish.reason.strip(),
        "refers_to": wish.refers_to,
        "linked_to": wish.linked_to,
        "assignee": wish.assignee,
        "amount": amount,
        "needs_second": needs_second,
        "decided_by": wish.by,
        "decided_at": now,
    }
    names = ", ".join(DECISION.names)
    values = ", ".join(f"%({name})s" for name in DECISION.names)
    cursor.execute(f"INSERT INTO recon.decision ({names}) VALUES ({values})".encode(), row)
    return {name: row[name] for name in DECISION.names}
