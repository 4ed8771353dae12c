"""A reference explained: the whole life of the lines, orders, batches and bank credits it names, out of the lake.

The lake says nearly all, so that this works offline; the warehouse adds breaks, what opened them again, and decisions
when it is asked. How it is searched is in `search.py`, what is said of it in `life.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any, TypeVar

from psycopg.rows import dict_row

from cuadre.config.source import Source
from cuadre.marts.fill import fill, filled
from cuadre.model.columns import DECISION, RECON_BREAK, REOPENING, SETTLEMENT_BATCH, Table
from cuadre.model.errors import ConfigurationError, CuadreError, Refusal
from cuadre.model.literals import literals
from cuadre.pipeline.keeping import Json, admissions_of, day_files, read_back
from cuadre.pipeline.lake import Lake
from cuadre.pipeline.life import (
    Archive,
    AtBank,
    Batch,
    BatchLife,
    Credit,
    DayOutcome,
    Explanation,
    Item,
    Line,
    OrderSeen,
    Place,
    Step,
)
from cuadre.pipeline.search import Search, in_order, searching
from cuadre.pipeline.workplace import Workplace
from cuadre.warehouse import connect

MOST_LINES = 5
MOST_BREAKS = 10

_MOST_NAMED = 100
"""So many characters of a reference are said again."""

_Node = Place | str
_Row = dict[str, Any]
_Found = TypeVar("_Found", Line, DayOutcome, OrderSeen)
_Batches = dict[tuple[date, str], tuple[Batch, ...]]


def explain(
    work: Workplace,
    source: Source,
    reference: str,
    *,
    first: date | None = None,
    last: date | None = None,
    warehouse: str | None = None,
) -> Explanation:
    """Everything that is known of `reference`.

    Args:
        work: Where the days are kept; nothing is written.
        source: Whose days are searched.
        reference: An order id, one of a line's references, an item id, a batch, or a bank credit's id or reference.
        first: The first settlement date to search; from the beginning when not given.
        last: The last one.
        warehouse: The warehouse's URL; None leaves out what only the warehouse knows.

    Raises:
        ConfigurationError: `last` is before `first`.
        Refusal: nothing of that name is there; the message says what was searched.
        StoreDamaged: a file that a record names is gone, or is not as this version keeps it.
    """
    if first and last and last < first:
        raise ConfigurationError(f"There is no day from {first} to {last}: the last one is before the first.")
    lake = work.lake(source)
    days = [day for day in lake.fetched() if (first or day) <= day <= (last or day)]
    with read_back(lake):
        items, lives, credits = _found(lake, source, reference, days)
    if not (items or credits or lives):
        raise Refusal(_nothing(source, reference, days))
    items, said = _asked(warehouse, source, items)
    concerned = set().union(*(item.days for item in items), {life.batch.settlement_date for life in lives})
    journal = _journal(work, source, concerned)
    return Explanation(source.source, reference, tuple(days), tuple(items), lives, tuple(credits), journal, said)


def _found(
    lake: Lake, source: Source, reference: str, days: Sequence[date]
) -> tuple[list[Item], tuple[BatchLife, ...], list[Credit]]:
    """The items, batches and bank credits that `reference` names, as far as the store knows of them."""
    runs = {day: lake.read(lake.day(day)) for day in lake.days() if day in days}
    admissions = [record for day in days for record in lake.records(lake.admission(day))]
    with searching(lake, admissions, runs) as search:
        items = items_named(search, reference, [_archive(record, runs) for record in admissions])
        credits = search.credits(reference)
        named = {reference, *(each.reference for each in credits if each.reference)}
        wanted = {(day, batch) for batch in named for day in search.batch_days(batch) if day in runs}
        of_items = {(each.settlement_date, each.batch_id) for item in items for each in item.lines if each.batch_id}
        paid = {(each.batch_date, each.batch_id, each.currency) for each in _paid(search, credits)}
        wanted |= {(day, batch) for day, batch, _ in paid if day in runs}
        batches = _batches(search, lake, source, runs, wanted | of_items)
        meant = [batch for place in sorted(wanted) for batch in batches.get(place, ())]
        lives = tuple(_life(search, batch) for batch in meant if _is_meant(batch, reference, credits, paid))
    return [_with_batches(item, batches) for item in items], lives, credits


def items_named(search: Search, reference: str, archives: Sequence[Archive]) -> list[Item]:
    """The lines and orders that `reference` names, as items with what was said of them."""
    lines = search.lines_naming(reference)
    known = search.orders("order_id", [reference]) + search.orders("psp_reference", [reference])
    wanted = {reference, *(order.order_id for order in known)}
    outcomes = search.outcomes(wanted, [reference], {line.place for line in lines})
    claimed = {each.order_id for each in outcomes if each.order_id} - wanted
    if claimed:
        outcomes = sorted({*outcomes, *search.outcomes(claimed, (), ())}, key=in_order)
    orders = search.orders("order_id", {each.order_id for each in outcomes if each.order_id} | wanted)
    places = {each.place for each in outcomes if each.place} - {line.place for line in lines}
    lines += search.lines_at(places)
    group_of = _together(lines, outcomes, orders)
    own_lines, own_outcomes, own_orders = (
        _by_group(group_of, lines, lambda line: line.place),
        _by_group(group_of, outcomes, lambda outcome: outcome.place or outcome.order_id or ""),
        _by_group(group_of, orders, lambda order: order.order_id),
    )
    groups = dict.fromkeys(group_of.values())
    return [_item(own_lines[each], own_outcomes[each], own_orders[each], archives) for each in groups]


def _together(lines: Iterable[Line], outcomes: Iterable[DayOutcome], orders: Iterable[OrderSeen]) -> dict[_Node, _Node]:
    """Lines and orders that some outcome names together: of each one node that stands for its group, oldest first."""
    links: list[list[_Node]] = [[line.place] for line in sorted(lines, key=lambda each: each.settlement_date)]
    links += [[node for node in (each.place, each.order_id) if node] for each in outcomes]
    links += [[order.order_id] for order in orders]
    towards: dict[_Node, _Node] = {}

    def head(node: _Node) -> _Node:
        while towards.setdefault(node, node) != node:
            towards[node] = node = towards[towards[node]]
        return node

    for link in links:
        for node in link:
            towards[head(node)] = head(link[0])
    return {node: head(node) for node in towards}


def _by_group(
    group_of: Mapping[_Node, _Node], found: Iterable[_Found], node: Callable[[_Found], _Node]
) -> defaultdict[_Node, list[_Found]]:
    groups: defaultdict[_Node, list[_Found]] = defaultdict(list)
    for each in found:
        groups[group_of[node(each)]].append(each)
    return groups


def _item(lines: list[Line], outcomes: list[DayOutcome], orders: list[OrderSeen], archives: Iterable[Archive]) -> Item:
    names = {each.archive_id for each in lines}
    return Item(
        orders=tuple(orders),
        lines=tuple(sorted(lines, key=lambda line: line.settlement_date)),
        archives=tuple(each for each in archives if each.archive_id in names),
        outcomes=tuple(outcomes),
        batches=(),
    )


def _archive(record: Json, runs: dict[date, Json]) -> Archive:
    archive, admission = record["archive"], record["admission"]
    day = date.fromisoformat(archive["settlement_date"])
    return Archive(
        archive_id=archive["archive_id"],
        name=archive["name"],
        settlement_date=day,
        verdict=admission["verdict"],
        signer=admission["signer"],
        signed_at=_moment(admission["signed_at"]),
        seen_at=datetime.fromisoformat(record["seen_at"]),
        counts=day in runs and archive["archive_id"] in runs[day]["archives"],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _batches(
    search: Search, lake: Lake, source: Source, runs: dict[date, Json], wanted: Collection[tuple[date, str]]
) -> _Batches:
    """The batches as the marts have them, worked out from the files of their days, and how they stood at the bank."""
    bank = search.at_the_bank(batches=wanted)
    found: defaultdict[tuple[date, str], list[Batch]] = defaultdict(list)
    for day in sorted({day for day, _ in wanted} & runs.keys()):
        files = day_files(lake, source, day, admissions_of(lake, day), lake.read(lake.checks(day)), runs[day])
        with filled(files, source, files.as_of) as duck:
            fill(duck, source, (SETTLEMENT_BATCH,))
            columns = ", ".join(field.name for field in fields(Batch) if field.name != "bank")
            ids = literals(sorted({batch for each, batch in wanted if each == day}))
            own = f"batch_id IN ({ids}) AND batch_date = settlement_date"
            query = f"SELECT {columns} FROM settlement_batch WHERE {own} ORDER BY ALL"
            for row in duck.execute(query).fetchall():
                batch = Batch(*row)
                found[day, batch.batch_id].append(replace(batch, bank=_of(batch, bank)))
    return {place: tuple(batches) for place, batches in found.items()}


def _of(batch: Batch, bank: Iterable[AtBank]) -> tuple[AtBank, ...]:
    own = batch.settlement_date, batch.batch_id, batch.currency
    return tuple(each for each in bank if (each.batch_date, each.batch_id, each.currency) == own)


def _life(search: Search, batch: Batch) -> BatchLife:
    return BatchLife(
        batch,
        tuple(search.batch_lines(batch, MOST_LINES)),
        search.batch_outcomes(batch),
        tuple(search.batch_breaks(batch, MOST_BREAKS)),
    )


def _paid(search: Search, credits: Sequence[Credit]) -> list[AtBank]:
    return search.at_the_bank(credits=[each.credit_id for each in credits])


def _is_meant(batch: Batch, reference: str, credits: Iterable[Credit], paid: Collection[tuple[date, str, str]]) -> bool:
    """Whether the reference is the batch itself, or a bank credit that pays it or names it."""
    if batch.batch_id == reference or (batch.settlement_date, batch.batch_id, batch.currency) in paid:
        return True
    return any((each.reference, each.currency) == (batch.batch_id, batch.currency) for each in credits)


def _with_batches(item: Item, batches: _Batches) -> Item:
    places = dict.fromkeys((line.settlement_date, line.batch_id or "", line.currency) for line in item.lines)
    mine = [b for day, batch, currency in places for b in batches.get((day, batch), ()) if b.currency == currency]
    return replace(item, batches=tuple(mine))


def _asked(url: str | None, source: Source, items: list[Item]) -> tuple[list[Item], str]:
    """The items with what the warehouse knows of them, and whether it was asked."""
    ids = sorted({each for item in items for each in item.item_ids})
    if url is None:
        return items, "was not asked"
    try:
        breaks = _rows(url, RECON_BREAK, "settlement_date", source, ids)
        reopenings = _rows(url, REOPENING, "reopened_at", source, ids)
        decisions = _rows(url, DECISION, "decided_at, decision_id", source, ids)
    except CuadreError as error:
        return items, f"did not answer: {error}".rstrip(".")

    def mine(rows: Mapping[str, list[_Row]], item: Item, when: str) -> tuple[_Row, ...]:
        found = [row for each in sorted(item.item_ids) for row in rows.get(each, ())]
        return tuple(sorted(found, key=lambda row: row[when]))

    return [
        replace(
            each,
            breaks=mine(breaks, each, "settlement_date"),
            reopenings=mine(reopenings, each, "reopened_at"),
            decisions=mine(decisions, each, "decided_at"),
        )
        for each in items
    ], "was asked"


def _rows(url: str, table: Table, order: str, source: Source, ids: list[str]) -> dict[str, list[_Row]]:
    """The rows of each of the items, by item id."""
    columns, found = ", ".join(f'"{name}"' for name in table.names), defaultdict(list)
    query = f"SELECT {columns} FROM recon.{table.name} WHERE source = %s AND item_id = ANY(%s) ORDER BY {order}"
    with (
        connect(url, "Migrate the schema recon first.") as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        for row in cursor.execute(query.encode(), (source.source, ids)):
            found[row["item_id"]].append(row)
    return found


def _journal(work: Workplace, source: Source, days: Collection[date]) -> tuple[Step, ...]:
    return tuple(
        Step(
            seq=entry["seq"],
            at=datetime.fromisoformat(entry["at"]),
            step=entry["step"],
            settlement_date=date.fromisoformat(entry["settlement_date"]),
            outcome=entry["outcome"],
            message=entry["record"].get("message"),
        )
        for entry in work.journal.records()
        if entry["source"] == source.source and date.fromisoformat(entry["settlement_date"]) in days
    )


def _nothing(source: Source, reference: str, days: Sequence[date]) -> str:
    if not days:
        return f"{source.source}: there is no day to search in the store."
    name = reference if len(reference) <= _MOST_NAMED else f"{reference[:_MOST_NAMED]}…"
    return (
        f"{source.source}: nothing is called {name} on the {len(days):,} days from {days[0]} to {days[-1]}. "
        "Searched: order ids, CIPs, operation and original references of lines and order snapshots, item ids, batches, "
        "and ids and references of bank credits."
    )
