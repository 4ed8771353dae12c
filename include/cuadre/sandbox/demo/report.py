"""What the demo shows at the end: a row per settlement day, read from the marts, and whether all is as it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
from psycopg.rows import TupleRow
from rich.console import Console
from rich.table import Table

from cuadre.evidence import LinkState
from cuadre.model.codes import BREAKS
from cuadre.pipeline.receipts import check_receipt
from cuadre.sources import open_store

Key = tuple[str | None, int | None, str | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer key of a day against what the marts hold: rows compared, and up to three differences in words."""

    rows: int
    differing: int
    examples: tuple[str, ...]


def day_table(url: str, source: str, days: Sequence[date]) -> Table:
    """One row per day and currency: lines, match rates by count and by money, breaks, unreconciled money."""
    table = Table(title=source, title_justify="left", header_style="bold")
    table.add_column("day", no_wrap=True)
    for name in ("currency", "lines", "by count", "by money", "breaks", "unreconciled"):
        table.add_column(name, justify="right", no_wrap=True)
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT settlement_date, currency, lines, match_rate_count, match_rate_money, breaks, unreconciled"
            " FROM recon.recon_daily WHERE source = %s AND settlement_date = ANY(%s) ORDER BY 1, 2",
            (source, list(days)),
        ).fetchall()
    for day, currency, lines, count, money, breaks, unreconciled in rows:
        rates = (_percent(count), _percent(money))
        table.add_row(day.isoformat(), currency, f"{lines:,}", *rates, f"{breaks:,}", f"{unreconciled:,.2f}")
    return table


def event_table(url: str, source: str, days: Sequence[date]) -> Table:
    """One row per day: what admission said of each archive, and every incident."""
    table = Table(title="archives and incidents", title_justify="left", header_style="bold")
    for name in ("day", "archives", "incidents"):
        table.add_column(name, no_wrap=True)
    with psycopg.connect(url) as connection:
        for day in days:
            table.add_row(day.isoformat(), *_events(connection, source, day))
    return table


def break_table(url: str, source: str, days: Sequence[date]) -> Table:
    """Open breaks by outcome, one column per day; what a day does not cure is carried to the next."""
    table = Table(title="open breaks, carried ones included", title_justify="left", header_style="bold")
    table.add_column("outcome", no_wrap=True)
    for day in days:
        table.add_column(day.isoformat(), justify="right", no_wrap=True)
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT outcome, settlement_date, count(*) FROM recon.recon_line"
            " WHERE source = %s AND settlement_date = ANY(%s) AND outcome = ANY(%s) GROUP BY 1, 2",
            (source, list(days), [outcome.name for outcome in BREAKS]),
        ).fetchall()
    counts = {(outcome, day): count for outcome, day, count in rows}
    for outcome in BREAKS:
        table.add_row(outcome.name, *(f"{counts.get((outcome.name, day), 0) or '-'}" for day in days))
    return table


def compare(url: str, source: str, day: date, answers: Path) -> Verdict:
    """Compare the published outcomes of `day` with the answer key in `answers`, both ways."""
    truth = {_key(row): row["outcome"] for row in pq.read_table(answers).to_pylist()}
    archives = sorted({key[0] for key in truth if key[0] is not None})
    with psycopg.connect(url) as connection:
        # Orders carried over from earlier days are in those days' answers, not in this one's.
        rows = connection.execute(
            "SELECT archive_id, line_no, order_id, outcome FROM recon.recon_line"
            " WHERE source = %s AND settlement_date = %s"
            " AND (archive_id = ANY(%s) OR archive_id IS NULL AND first_seen = settlement_date)",
            (source, day, archives),
        ).fetchall()
    found = {_key({"archive_id": a, "line_no": n, "order_id": o}): outcome for a, n, o, outcome in rows}
    wrong = sorted((k for k in truth.keys() | found.keys() if truth.get(k) != found.get(k)), key=str)
    examples = tuple(f"{_name(k)}: planted {truth.get(k)}, found {found.get(k)}" for k in wrong[:3])
    return Verdict(len(truth), len(wrong), examples)


def show(console: Console, days: Sequence[date], verdicts: dict[date, Verdict]) -> bool:
    """Print how the days came out against what was planted; True when every row did as planted."""
    for day in days:
        verdict = verdicts[day]
        if verdict.differing:
            console.print(f"[red]{day}: {verdict.differing} of {verdict.rows} rows are not as planted.[/red]")
            for example in verdict.examples:
                console.print(f"  {example}", markup=False)
        else:
            console.print(f"[green]{day}: all {verdict.rows:,} rows came out as planted.[/green]")
    return not any(verdict.differing for verdict in verdicts.values())


def show_receipts(console: Console, receipts: Sequence[Path], store: Path, operator: Path) -> bool:
    """Check the receipts of all publications and print how they stand; True when there are any and all hold."""
    opened, now = open_store(str(store), store), datetime.now(UTC)
    for file in receipts:
        links = check_receipt(
            file, store=opened, journal=store / "journal.jsonl", keyring=operator, signers=(), now=now
        )
        for link in links:
            if link.state is not LinkState.OK:
                console.print(f"{file.name}, {link.name} {link.state}: {link.sentence}", style="red", markup=False)
                return False
    console.print(f"[green]{len(receipts)} receipts hold, from the signature to the journal.[/green]")
    return bool(receipts)


def _events(connection: psycopg.Connection[TupleRow], source: str, day: date) -> tuple[str, str]:
    archives = connection.execute(
        "SELECT verdict, coalesce(reason, '') FROM recon.archive_admission"
        " WHERE source = %s AND settlement_date = %s ORDER BY seen_at",
        (source, day),
    ).fetchall()
    incidents = connection.execute(
        "SELECT kind, state FROM recon.incident WHERE source = %s AND settlement_date = %s ORDER BY opened_at, kind",
        (source, day),
    ).fetchall()
    return (
        "\n".join(f"{verdict} {reason}".strip() for verdict, reason in archives) or "none",
        "\n".join(f"{kind}: {state}" for kind, state in incidents) or "none",
    )


def _percent(share: object) -> str:
    return "-" if share is None else f"{float(str(share)):.2%}"


def _key(row: dict[str, object]) -> Key:
    archive, line = row["archive_id"], row["line_no"]
    if archive is not None:
        return str(archive), int(str(line)), None
    return None, None, str(row["order_id"])


def _name(key: Key) -> str:
    return f"order {key[2]}" if key[0] is None else f"line {key[1]} of {key[0][:12]}"
