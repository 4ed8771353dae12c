"""The links of a receipt, checked one after the other against what is there: files, sums and the journal.

Offline: a way to fetch files by their key and the journal's path are all that is needed, no warehouse and no network.
The first link, the signature, is judged by the caller, who knows about keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from cuadre.evidence.examination import examine
from cuadre.evidence.flaws import Witness
from cuadre.evidence.receipt import File, OutcomeSum, Receipt
from cuadre.model.codes import BREAKS
from cuadre.model.digests import sha256_of
from cuadre.model.errors import StoreDamaged
from cuadre.model.measures import at_risk_sql, money_sql
from cuadre.model.parquet import parquet_sql
from cuadre.model.records import Totals

Fetch = Callable[[str], Path]
"""A local copy of what the store holds under a key; StoreDamaged when there is nothing."""


class LinkState(StrEnum):
    """How a link stands. Missing: what it leads to is not there, or could not be looked at."""

    OK = "ok"
    BROKEN = "broken"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a receipt, and what its state means, in a sentence."""

    name: str
    state: LinkState
    sentence: str


def check_links(receipt: Receipt, fetch: Fetch, journal: Path) -> tuple[Link, ...]:
    """Every link but the signature, in order: archives, lines, snapshots, outcomes, sums, marts, journal."""
    archives = [file for each in receipt.archives for file in (each.file, each.signature) if file is not None]
    kept = (
        _files("archives", archives, fetch, "what the provider sent is not what was published from"),
        _files("lines", receipt.lines, fetch, "the lines are not those that were matched"),
        _files("snapshots", receipt.snapshots.values(), fetch, "orders or credits are not those it was judged on"),
        _files("outcomes", receipt.results.values(), fetch, "the outcomes are not those that were published"),
    )
    readable = kept[1].state is kept[3].state is LinkState.OK
    return (*kept, _sums(receipt, fetch, readable=readable), _marts(receipt), _journal(receipt, journal))


def _files(name: str, files: Iterable[File], fetch: Fetch, meaning: str) -> Link:
    wanted = list(files)
    states = {file.key: _state(file, fetch) for file in wanted}
    for state, words in ((LinkState.BROKEN, "has other bytes"), (LinkState.MISSING, "is not there")):
        if concerned := [key for key, each in states.items() if each is state]:
            more = f", and so with {len(concerned) - 1} more" if len(concerned) > 1 else ""
            return Link(name, state, f"{concerned[0]} {words}{more}: {meaning}.")
    return Link(name, LinkState.OK, f"{len(wanted)} of {len(wanted)} files have the bytes they had.")


def _state(file: File, fetch: Fetch) -> LinkState:
    try:
        path = fetch(file.key)
    except StoreDamaged:
        return LinkState.MISSING
    same = path.stat().st_size == file.bytes and sha256_of(path) == file.sha256
    return LinkState.OK if same else LinkState.BROKEN


def _sums(receipt: Receipt, fetch: Fetch, *, readable: bool) -> Link:
    if not readable:
        return Link("sums", LinkState.MISSING, "Nothing to add up: lines or outcomes are not what they were.")
    lines, by_archive = _line_sums([fetch(file.key) for file in receipt.lines])
    outcomes = _outcome_sums(fetch(receipt.results["outcomes"].key))
    said = {each.file.sha256: each.lines for each in receipt.archives if each.lines}
    differing = [currency for currency in lines.keys() | receipt.totals.keys() if _differ(lines, receipt, currency)]
    if differing:
        return Link("sums", LinkState.BROKEN, f"The lines in {min(differing)} do not add up to what the receipt says.")
    if by_archive != said:
        return Link("sums", LinkState.BROKEN, "An archive did not bring as many lines as the receipt says.")
    if outcomes != set(receipt.outcomes):
        wrong = min(each.outcome for each in outcomes ^ set(receipt.outcomes))
        return Link("sums", LinkState.BROKEN, f"The outcomes {wrong} do not add up to what the receipt says.")
    count = sum(total.count for total in lines.values())
    items = sum(each.count for each in outcomes)
    return Link("sums", LinkState.OK, f"{count:,} lines and {items:,} outcomes add up again, by currency.")


def _differ(lines: Mapping[str, Totals], receipt: Receipt, currency: str) -> bool:
    nothing = Totals(0, *[Decimal(0)] * 4)
    return lines.get(currency, nothing) != receipt.totals.get(currency, nothing)


def _line_sums(files: list[Path]) -> tuple[dict[str, Totals], dict[str, int]]:
    """Lines by currency, and their number by archive."""
    import duckdb

    if not files:
        return {}, {}
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW lines AS FROM {parquet_sql(files)}")
        sums = connection.execute(
            "SELECT currency, COUNT(*), SUM(gross), SUM(fee), SUM(tax), SUM(net) FROM lines GROUP BY ALL"
        ).fetchall()
        counts = connection.execute("SELECT archive_id, COUNT(*) FROM lines GROUP BY ALL").fetchall()
    return {currency: Totals(*rest) for currency, *rest in sums}, dict(counts)


def _outcome_sums(file: Path) -> set[OutcomeSum]:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW outcomes AS FROM {parquet_sql([file])}")
        rows = connection.execute(
            f"SELECT outcome, currency, COUNT(*), SUM({money_sql()}), SUM({at_risk_sql()}) FROM outcomes GROUP BY ALL"
        ).fetchall()
    return {OutcomeSum(*row) for row in rows}


def _marts(receipt: Receipt) -> Link:
    """What was read back from the warehouse, held against lines and outcomes, by currency."""
    counted: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for currency, total in receipt.totals.items():
        counted[currency] |= {"lines": Decimal(total.count), "fee": total.fee, "tax": total.tax}
    for each in receipt.outcomes:
        counted[each.currency]["items"] += each.count
        counted[each.currency]["unreconciled"] += each.at_risk
        counted[each.currency]["breaks"] += each.count if each.outcome in {outcome.name for outcome in BREAKS} else 0
    daily = receipt.marts.get("recon_daily", {})
    for currency in sorted(counted.keys() | daily.keys()):
        for name in ("lines", "items", "breaks", "fee", "tax", "unreconciled"):
            if daily.get(currency, {}).get(name) != counted[currency][name]:
                sentence = f"recon_daily was published with other {name} in {currency} than lines and outcomes give."
                return Link("marts", LinkState.BROKEN, sentence)
    return Link("marts", LinkState.OK, f"The control sums of {len(receipt.marts)} marts agree with lines and outcomes.")


def _journal(receipt: Receipt, path: Path) -> Link:
    if not path.is_file():
        return Link("journal", LinkState.MISSING, f"There is no journal at {path}: nothing shows how it came about.")
    examination = examine(path, [Witness(receipt.journal, "this receipt")])
    concerned = [flaw for flaw in examination.flaws if flaw.seq <= receipt.journal.seq]
    if concerned:
        return Link("journal", LinkState.BROKEN, concerned[0].sentence)
    later = " Later records do not hold: see `cuadre journal verify`." if examination.flaws else ""
    return Link("journal", LinkState.OK, f"Record {receipt.journal.seq} is in an unbroken chain.{later}")
