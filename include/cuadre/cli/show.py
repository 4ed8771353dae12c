"""What the command line prints: JSON or a table on standard output, everything else on standard error; exit codes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from enum import IntEnum
from typing import Any, NoReturn

import typer
from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from cuadre.model.records import Admission, CheckReport, ReconcileReport


class _Out(Console):
    """Standard output. A reader that has seen enough, such as `head`, does not change how the command ends."""

    def on_broken_pipe(self) -> None:
        """Nobody reads any more: let the rest go nowhere."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


out = _Out()
err = Console(stderr=True, highlight=False)


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    REFUSED = 3
    BREAKS = 4


def stop(code: Exit, sentence: str = "") -> NoReturn:
    """Say `sentence` on standard error and leave with `code`."""
    if sentence:
        err.print(sentence, style=None if code is Exit.DONE else "red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def print_json(data: Any) -> None:
    """`data` as one JSON document on standard output."""
    try:
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))
    except BrokenPipeError:
        out.on_broken_pipe()


@contextmanager
def progress(label: str, total: float | None = None, console: Console = err) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error; yields a function that takes how much of `total` is done so far."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)


def grid(title: str, *columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """An empty table; columns named in `numbers` are right-aligned."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        justify: JustifyMethod = "right" if column in numbers else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=column == "fingerprint")
    return table


def money(amount: Decimal) -> str:
    """Money for reading: thousands separated, two decimals, more only where they are not zero."""
    cents = amount.quantize(Decimal("0.01"))
    return f"{cents:,}" if cents == amount else f"{amount.normalize():,f}"


def visible(text: str) -> str:
    """`text` without what a terminal would act on instead of showing it: references come from outside."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def show_admission(admission: Admission) -> None:
    """One admission as a table."""
    head = grid("Admission", "what", "value")
    signed_at = admission.signed_at.isoformat() if admission.signed_at else "-"
    for name, value in (
        ("verdict", admission.verdict.value),
        ("reason", admission.reason or "-"),
        ("detail", admission.detail or "-"),
        ("archive", admission.archive_id),
        ("bytes", f"{admission.bytes:,}"),
        ("signer", admission.signer or "-"),
        ("signed at", signed_at),
        ("members", ", ".join(admission.members) or "-"),
        ("lines", f"{admission.lines:,}"),
    ):
        head.add_row(name, escape(value))
    out.print(head)
    if admission.totals:
        numbers = ("lines", "gross", "fee", "tax", "net")
        sums = grid("Control totals", "currency", *numbers, numbers=numbers)
        for currency, total in sorted(admission.totals.items()):
            amounts = (money(amount) for amount in (total.gross, total.fee, total.tax, total.net))
            sums.add_row(currency, f"{total.count:,}", *amounts)
        out.print(sums)


def show_checks(report: CheckReport) -> None:
    """The expectations that did not hold as a table, and how many held."""
    if report.failed:
        table = grid("Did not hold", "check", "severity", "rows", "unexpected", numbers=("rows", "unexpected"))
        for result in report.failed:
            table.add_row(result.check_name, result.severity.value, f"{result.rows:,}", f"{result.unexpected:,}")
        out.print(table)
    for result in report.failed:
        out.print(f"{result.check_name}: {result.doc}", markup=False)
    out.print(f"{len(report.results) - len(report.failed)} of {len(report.results)} checks held.")
    if report.data_docs:
        out.print(f"Data docs: {report.data_docs}", markup=False, soft_wrap=True)


def show_reconciliation(report: ReconcileReport) -> None:
    """Outcomes by currency as a table."""
    numbers = ("rows", "money", "at risk")
    table = grid(f"{report.source}, {report.settlement_date}", "outcome", "currency", *numbers, numbers=numbers)
    for total in report.outcomes:
        table.add_row(total.outcome, total.currency, f"{total.count:,}", money(total.money), money(total.at_risk))
    out.print(table)
    out.print(f"{report.items:,} rows, {report.breaks:,} breaks, {report.open_items:,} open items.")
    if report.batches:
        out.print("Batches at the bank: " + ", ".join(f"{name} {count:,}" for name, count in report.batches.items()))
    out.print(f"Written to {report.outcomes_path}", markup=False, soft_wrap=True)
