"""The picture of an explained reference: a tree a person on call can read, dates and amounts under each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from rich.text import Text
from rich.tree import Tree

from cuadre.cli.show import err, money, out, visible
from cuadre.model.codes import BREAKS, CLEARED, BatchStatus
from cuadre.model.records import Reason
from cuadre.pipeline.life import Archive, Batch, BatchLife, DayOutcome, Explanation, Item, Line, OrderSeen, Step

MOST_SHOWN = 8
MOST_ROWS = 20
MOST_BANK_DAYS = 5
_MONEY = re.compile(r"-?\d+\.\d{6}")
_T = TypeVar("_T")
_STYLES = dict.fromkeys((each.name for each in BREAKS), "red") | dict.fromkeys((each.name for each in CLEARED), "green")


def draw(found: Explanation) -> None:
    """Print everything as trees, one for each item and batch."""
    if len(found.items) > 1:
        many = f"{len(found.items):,} items have to do with {visible(found.reference)}.\n"
        out.print(many, markup=False, highlight=False)
    for item in found.items[:MOST_SHOWN]:
        out.print(_item(item, found.journal))
    if len(found.items) > MOST_SHOWN:
        out.print(f"and {len(found.items) - MOST_SHOWN:,} more: --json shows them all.")
    for life in found.batches:
        out.print(_batch_tree(life, found.journal))
    if found.credits:
        tree = Tree(_text("bank credits", "bold"))
        rows = [(each.credit_id, f"{each.value_date}", money(each.amount), each.currency) for each in found.credits]
        for text, credit in zip(_aligned(rows, right={2}), found.credits, strict=True):
            tree.add(_text(f"{text}  reference {credit.reference or '-'}, account {credit.account}"))
        out.print(tree)
    err.print(f"{found.source}: {len(found.days):,} days searched; the warehouse {found.warehouse}.", markup=False)


def _item(item: Item, journal: Sequence[Step]) -> Tree:
    tree = Tree(_title(item))
    _add_orders(tree, item.orders)
    _add_lines(tree, item.lines)
    _add_archives(tree, item.archives)
    _add_outcomes(tree, item.outcomes)
    _add(tree, "batch", [_batch(each) for each in item.batches], right={2, 3})
    _add(tree, "break, as the warehouse has it", [_break(row) for row in item.breaks], right={2})
    _add(tree, "open again", [_reopening(row) for row in item.reopenings], right=set())
    _add(tree, "decision", [_decision(row) for row in item.decisions], right={3})
    _add_journal(tree, journal, item.days)
    return tree


def _title(item: Item) -> Text:
    """What it is, what its lines and orders came to in the end, and how old what is oldest of it is."""
    orders = sorted({each.order_id for each in item.orders})
    last = {each.place or each.order_id: each for each in item.outcomes}.values()
    title = _text(", ".join(f"order {order}" for order in orders) or "a line without an order", "bold")
    for outcome in dict.fromkeys(each.outcome for each in last):
        title.append("  ").append(outcome, _STYLES.get(outcome, ""))
    if last:
        title.append(f"  since {min(each.first_seen for each in last)}", "not bold")
    return title


def _add_orders(tree: Tree, orders: Sequence[OrderSeen]) -> None:
    branch = tree.add("order, as the snapshots had it") if orders else tree
    rows = [
        (_span(each.first_seen, each.last_seen), each.order_id, each.status, money(each.amount), each.currency)
        for each in orders
    ]
    for text, order in zip(_aligned(rows, right={3}), orders, strict=True):
        moments = (("made", order.created_at), ("paid", order.paid_at), ("due", order.due_at))
        told = [f"CIP {order.psp_reference}"] if order.psp_reference else []
        told += [f"{what} {_at(at)}" for what, at in moments if at]
        branch.add(_text(text)).add(_text(", ".join(told)))


def _add_lines(tree: Tree, lines: Sequence[Line]) -> None:
    branch = tree.add("line") if lines else tree
    rows = [
        (f"{each.settlement_date}", each.line_type, *map(money, (each.gross, each.fee, each.tax, each.net)))
        for each in lines
    ]
    for text, line in _headed(branch, ("", "", "gross", "fee", "tax", "net"), rows, lines):
        node = branch.add(_text(f"{text}  {line.currency}"))
        references = (
            ("CIP", line.psp_reference),
            ("operation", line.operation_reference),
            ("order", line.merchant_reference),
            ("original", line.original_reference),
        )
        node.add(_text(", ".join(f"{what} {value}" for what, value in references if value) or "no reference"))
        where = (f"line {line.line_no} of {line.archive_id[:12]}", f"batch {line.batch_id or '-'}", line.channel)
        node.add(_text(", ".join([*(each for each in where if each), _at(line.occurred_at)])))


def _add_archives(tree: Tree, archives: Sequence[Archive]) -> None:
    branch = tree.add("archive") if archives else tree
    for each in archives:
        counts = "" if each.counts else "; the day is not judged on it"
        node = branch.add(_text(f"{each.archive_id[:12]}  {each.name}"))
        node.add(_text(f"{each.verdict} {_at(each.seen_at)}, signed {_at(each.signed_at)}{counts}"))
        node.add(_text(f"by {each.signer or 'nobody'}"))


@dataclass(frozen=True)
class _Run:
    """Days in a row that said the same."""

    first: date
    last: DayOutcome


def _add_outcomes(tree: Tree, outcomes: Sequence[DayOutcome]) -> None:
    runs = _runs(outcomes)
    branch = tree.add("outcome, day by day") if runs else tree
    rows = [
        (
            _span(run.first, run.last.settlement_date),
            run.last.outcome,
            run.last.line_type or "no line",
            _amount(run.last.expected),
            _amount(run.last.got),
        )
        for run in runs
    ]
    for text, run in _headed(branch, ("", "", "", "expected", "got"), rows, runs):
        label = _text(text)
        start = text.index(run.last.outcome)
        label.stylize(_STYLES.get(run.last.outcome, ""), start, start + len(run.last.outcome))
        node = branch.add(label.append(f"  {run.last.currency}"))
        node.add(_text(run.last.item_id + (f", by {run.last.by}" if run.last.by else "")))
        for reason in run.last.reasons:
            node.add(_text(_reason(reason), "yellow"))


def _runs(outcomes: Sequence[DayOutcome]) -> list[_Run]:
    runs: dict[tuple[object, ...], _Run] = {}
    for each in outcomes:
        since = runs[_said(each)].first if _said(each) in runs else each.settlement_date
        runs[_said(each)] = _Run(since, each)
    return list(runs.values())


def _said(each: DayOutcome) -> tuple[object, ...]:
    return each.place, each.order_id, each.outcome, each.reasons, each.expected, each.got


def _reason(reason: Reason) -> str:
    delta = f" ({money(reason.delta)})" if reason.delta is not None else ""
    said = f"expected {_plain(reason.expected)}, got {_plain(reason.got)}{delta}"
    return f"{reason.code}  {f'{reason.field}: ' if reason.field else ''}{said}"


def _plain(value: str | None) -> str:
    """A value of a reason; amounts without their trailing zeros."""
    if value is None:
        return "-"
    return money(Decimal(value)) if _MONEY.fullmatch(value) else value


def _break(row: dict[str, Any]) -> tuple[str, ...]:
    until = f"closed {row['closed_on']}" if row["closed_on"] else f"since {row['first_seen']}"
    return row["status"], row["outcome"], f"at risk {money(row['at_risk'])}", row["currency"], until


def _reopening(row: dict[str, Any]) -> tuple[str, ...]:
    told = [f"was {row['cleared_as']}"] if row["cleared_as"] else []
    told += [f"in {row['archive_id'][:12]}"] if row["archive_id"] else []
    told += [f"replaced by {row['replaced_by'][:12]}"] if row["replaced_by"] else []
    return _at(row["reopened_at"]), row["cause"], " ".join(told)


def _decision(row: dict[str, Any]) -> tuple[str, ...]:
    whom = row["linked_to"] or row["assignee"] or row["refers_to"]
    said = f"{row['reason']} ({whom})" if whom else row["reason"]
    second = "; counts once somebody else approves" if row["needs_second"] else ""
    return _at(row["decided_at"]), row["kind"], row["decided_by"], money(row["amount"]), row["currency"], said + second


def _batch(batch: Batch) -> tuple[str, ...]:
    bank = f"bank {_amount(_bank_amount(batch))}"
    return batch.batch_id, _status(batch), f"net {money(batch.net)}", bank, batch.currency, _credits(batch)


def _status(batch: Batch) -> str:
    """What is wrong with the payout, or else how it stands at the bank by the last day that says so."""
    settled = batch.status.startswith("payout") or not batch.latest
    return batch.status if settled else batch.latest[0].status


def _bank_amount(batch: Batch) -> Decimal | None:
    paid = [each.applied for each in batch.latest if each.applied is not None]
    return sum(paid, Decimal(0)) if paid else batch.bank_amount


def _credits(batch: Batch) -> str:
    paid = [f"{each.credit_id}, {each.value_date}" for each in batch.latest if each.credit_id]
    if not paid and batch.credit_id:
        return f"{batch.credit_id}, {batch.value_date}"
    return "; ".join(paid) or "no bank credit"


def _batch_tree(life: BatchLife, journal: Sequence[Step]) -> Tree:
    batch = life.batch
    title = _text(f"batch {batch.batch_id} of {batch.settlement_date}, {batch.currency}", "bold")
    title.append(f"  {_status(batch)}", "green" if _status(batch) == BatchStatus.balanced.name else "red")
    tree = Tree(title)
    names = ("gross", "fee", "tax", "net", "payout", "bank")
    amounts = (batch.gross, batch.fee, batch.tax, batch.net, batch.payout, _bank_amount(batch))
    _add(tree, f"{batch.lines:,} lines; {_credits(batch)}", [names, tuple(map(_amount, amounts))], right=set(range(6)))
    bank = [
        (
            f"{each.settlement_date}",
            each.status,
            _amount(each.applied),
            each.credit_id or "-",
            each.method or each.reason or "",
        )
        for each in batch.bank
    ]
    _add(tree, "at the bank, day by day", bank[-MOST_BANK_DAYS:], right={2})
    totals = [
        (each.outcome, f"{each.count:,}", money(each.money), f"at risk {money(each.at_risk)}") for each in life.outcomes
    ]
    _add(tree, "outcomes", totals, right={1, 2, 3})
    breaks = [(each.outcome, _amount(each.expected), _amount(each.got), each.item_id) for each in life.breaks]
    _add(tree, "breaks, most money first", breaks, right={1, 2})
    first = [
        (f"{line.line_no}", line.line_type, money(line.gross), money(line.net), line.merchant_reference or "-")
        for line in life.first_lines
    ]
    _add(tree, "first lines", first, right={0, 2, 3})
    _add_journal(tree, journal, {batch.settlement_date})
    return tree


def _add_journal(tree: Tree, journal: Sequence[Step], days: set[date]) -> None:
    """One row for each of the first and the last of `days`: the steps, how often, and what did not end well."""
    shown = sorted({min(days), max(days)}) if days else []
    rows = [(day, [step for step in journal if step.settlement_date == day]) for day in shown]
    branch = tree.add("journal") if any(steps for _, steps in rows) else tree
    for day, steps in rows:
        counts = Counter(f"{each.step} {each.outcome}".removesuffix(" ok") for each in steps)
        told = ", ".join(f"{name} x{count}" if count > 1 else name for name, count in counts.items())
        if steps:
            branch.add(_text(f"{day}  {told}; {_at(steps[-1].at)}"))


def _add(tree: Tree, name: str, rows: Sequence[tuple[str, ...]], right: set[int]) -> None:
    if rows:
        branch = tree.add(_text(_cut(name, rows)))
        for text in _aligned(rows[:MOST_ROWS], right):
            branch.add(_text(text))


def _headed(
    branch: Tree, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], of: Sequence[_T]
) -> list[tuple[str, _T]]:
    """The rows as texts, each with what it is of, under a head that is put onto `branch`; named columns are numbers."""
    if not rows:
        return []
    first, *texts = _aligned([head, *rows[:MOST_ROWS]], right={number for number, name in enumerate(head) if name})
    branch.add(_text(_cut(first, rows), "dim"))
    return list(zip(texts, of[:MOST_ROWS], strict=True))


def _cut(head: str, rows: Sequence[object]) -> str:
    return head if len(rows) <= MOST_ROWS else f"{head}  ({MOST_ROWS} of {len(rows):,}; --json has all)"


def _aligned(rows: Iterable[tuple[str, ...]], right: set[int]) -> list[str]:
    """Rows as texts whose columns stand under each other."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            text.rjust(width) if number in right else text.ljust(width)
            for number, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _span(first: date, last: date) -> str:
    if first == last:
        return f"{first}"
    return f"{first} to {last:%m-%d}" if first.year == last.year else f"{first} to {last}"


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z" if moment else "-"


def _amount(amount: Decimal | None) -> str:
    return "-" if amount is None else money(amount)


def _text(said: str, style: str = "") -> Text:
    return Text(visible(said), style)
