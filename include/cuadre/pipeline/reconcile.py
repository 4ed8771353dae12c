"""The step `reconcile`: lines against orders, one outcome for each line and each due or pending order.

What lives here: which inputs, which day, which files come out. The rules of matching are the SQL models in
`cuadre.matching`. A break is a result, never an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cuadre.config.settings import Compute
from cuadre.config.source import Source
from cuadre.matching.bank import write_bank_matches
from cuadre.matching.engine import Engine
from cuadre.matching.engines import OpenEngine, open_engine
from cuadre.matching.inputs import lacking_columns, open_input, parquet_files
from cuadre.matching.models import shared_parameters, steps
from cuadre.matching.results import totals, write_open_items, write_outcomes, write_suggestions
from cuadre.matching.suggesting import suggestion_steps
from cuadre.model.codes import BREAKS
from cuadre.model.columns import BANK_CREDITS, BANK_MATCHES, CLAIMS, LINES, OPEN_ITEMS, ORDERS, OUTCOMES
from cuadre.model.digests import sha256_of
from cuadre.model.errors import ConfigurationError, Terminal
from cuadre.model.records import ReconcileReport
from cuadre.pipeline.given import refuse_guesswork
from cuadre.pipeline.given_rows import refuse_repeated_lines, refuse_repeated_orders, refuse_rows
from cuadre.trust.quarantine import quarantine

_USUAL = Compute()

_YEARS = range(2000, 2200)
"""Years in which there are settlements: any other is a slip, and too near the end of time to reckon with."""


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The Parquet files of each input; none for an input that was not given."""

    lines: tuple[Path, ...]
    orders: tuple[Path, ...]
    open_items: tuple[Path, ...]
    bank_credits: tuple[Path, ...]
    bank_matches: tuple[Path, ...]
    earlier: tuple[Path, ...]
    claims: tuple[Path, ...]

    def given(self) -> frozenset[str]:
        """The names of those there are."""
        return frozenset(name for name, files in asdict(self).items() if files)

    def size(self) -> int:
        """Bytes of all of them together."""
        return sum(file.stat().st_size for files in astuple(self) for file in files)


def reconcile(
    *,
    lines: Path | Sequence[Path],
    orders: Path,
    source: Source,
    as_of: datetime,
    out: Path,
    settlement_date: date | None = None,
    open_items: Path | None = None,
    bank_credits: Path | None = None,
    bank_matches: Path | None = None,
    earlier: Path | Sequence[Path] | None = None,
    claims: Path | Sequence[Path] | None = None,
    compute: Compute = _USUAL,
    opened_by: OpenEngine = open_engine,
) -> ReconcileReport:
    """Match the day and leave `outcomes.parquet`, `open_items.parquet` and `suggestions.parquet` in `out`.

    Args:
        lines: Today's admitted lines: a Parquet file, a folder of them, or several; no file at all is an empty day.
        orders: The order snapshot, a file or a folder.
        source: The source the lines came from; its zone, lag, tolerances and fee contract decide.
        as_of: The aware moment the day is judged at: what is due by then and has no line is missing.
        out: The folder for the results, made when it is not there.
        settlement_date: The day; taken from the lines, or for an empty day from `as_of`, when not given.
        open_items: What yesterday's run left.
        bank_credits: The bank's credits that may pay the batches; when given, `bank_matches.parquet` is left in `out`.
        bank_matches: What earlier days left of the kind, a file or a folder: batches still open, and credits used.
        earlier: The outcomes of earlier days, files or folders; those of later days count for nothing.
        claims: What is known besides of what lines of earlier days cleared and gave back.
        compute: The engine that runs the models, and what it may use.
        opened_by: What opens that engine. Another one than the usual may watch every statement, as the tests do.

    Returns:
        Counts, money by outcome and currency, and the SHA-256 of what was read and written.

    Raises:
        OSError: a file cannot be written, as when the disk is full.
        EngineUnavailable: the Spark cluster could not be reached or gave up.
        ConfigurationError: an input is not there, lacks a column or has values that would have to be guessed at, such
            as NULLs, floating-point money or instants without a zone; `as_of` is naive; the lines are of several days
            or of another one than `settlement_date`, of another source or of an unknown type; the orders are of
            another merchant or of an unknown status.
        Refusal: an order, a line or a bank credit is there twice.
        Terminal: a line got no row, which must not happen.
    """
    if as_of.tzinfo is None:
        raise ConfigurationError("as_of needs a time zone, such as 2026-03-03T12:00:00Z.")
    as_of = as_of.astimezone(UTC)  # in a zone, moments compare by what its clocks show, and some hours they show twice
    inputs = _Inputs(
        lines=parquet_files(lines, "lines"),
        orders=parquet_files(orders, "orders"),
        open_items=_optional(open_items, "open_items"),
        bank_credits=_optional(bank_credits, "bank_credits"),
        bank_matches=_optional(bank_matches, "bank_matches"),
        earlier=_optional(earlier, "earlier outcomes"),
        claims=_optional(claims, "claims"),
    )
    if inputs.bank_matches and not inputs.bank_credits:
        raise ConfigurationError(
            "bank_matches say which batches are still open at the bank, and there are no bank credits to hold them "
            "against: give those too (--bank-credits)."
        )
    out.mkdir(parents=True, exist_ok=True)
    with quarantine(out / "reconcile") as private, opened_by(compute, private) as db:
        lacking = _open_inputs(db, inputs)
        day = settlement_date or _day(db, source, as_of)
        if day.year not in _YEARS:
            raise ConfigurationError(f"There is no settlement on {day}: look at the settlement_date of the lines.")
        refuse_rows(db, source, day, inputs.given())
        report = _run(db, inputs, lacking, source, day, as_of, private)
        _refuse_lost_rows(db, report.items)
        return replace(
            report,
            open_items_path=_kept(report.open_items_path, out),
            outcomes_path=_kept(report.outcomes_path, out),
            suggestions_path=_kept(report.suggestions_path, out),
            bank_matches_path=_kept(report.bank_matches_path, out) if report.bank_matches_path else None,
        )


def _run(
    db: Engine, inputs: _Inputs, lacking: frozenset[str], source: Source, day: date, as_of: datetime, out: Path
) -> ReconcileReport:
    shared = shared_parameters(source, day, as_of, lacking)
    for step in steps(source, small=inputs.size() <= db.small):
        db.run(step.statement(shared))
        if step.name == "rest_lines":
            refuse_repeated_lines(db)
        if step.name == "rest_orders":
            refuse_repeated_orders(db)
    outcomes_path, open_path = out / "outcomes.parquet", out / "open_items.parquet"
    items = write_outcomes(db, shared, outcomes_path)
    still_open = write_open_items(db, shared, open_path)
    for step in suggestion_steps():
        db.run(step.statement(shared))
    suggestions_path = out / "suggestions.parquet"
    suggestions = write_suggestions(db, shared, suggestions_path)
    bank_path = out / "bank_matches.parquet" if inputs.bank_credits else None
    found = totals(db)
    breaks = {outcome.name for outcome in BREAKS}
    return ReconcileReport(
        source=source.source,
        settlement_date=day,
        as_of=as_of,
        lines=db.rows("SELECT COUNT(*) FROM todays_lines")[0][0],
        items=items,
        breaks=sum(total.count for total in found if total.outcome in breaks),
        open_items=still_open,
        outcomes=found,
        outcomes_path=str(outcomes_path),
        open_items_path=str(open_path),
        outcome_hash=_digest((outcomes_path,)),
        snapshot_hash=_digest(inputs.orders),
        suggestions=suggestions,
        suggestions_path=str(suggestions_path),
        batches=_bank(db, source, day, as_of, bank_path) if bank_path else {},
        bank_matches_path=str(bank_path) if bank_path else None,
    )


def _bank(db: Engine, source: Source, day: date, as_of: datetime, out: Path) -> dict[str, int]:
    return write_bank_matches(
        db,
        source=source.source,
        settlement_date=day,
        today=as_of.astimezone(source.zone).date(),
        window_days=source.bank_window_days,
        out=out,
    )


def _kept(made: str, out: Path) -> str:
    return str(Path(made).replace(out / Path(made).name))


def _open_inputs(db: Engine, inputs: _Inputs) -> frozenset[str]:
    """Make the inputs known to `db`; returns the optional columns no order of the snapshot has."""
    given = {
        "todays_lines": (LINES, inputs.lines),
        "open_items": (OPEN_ITEMS, inputs.open_items),
        "bank_credits": (BANK_CREDITS, inputs.bank_credits),
        "bank_before": (BANK_MATCHES, inputs.bank_matches),
        "earlier_outcomes": (OUTCOMES, inputs.earlier),
        "given_claims": (CLAIMS, inputs.claims),
        "snapshot_orders": (ORDERS, inputs.orders),
    }
    lacking, small = {}, inputs.size() <= db.small
    for name, (table, files) in given.items():
        lacking[name] = lacking_columns(table, files)
        refuse_guesswork(table, files)
        open_input(db, name, table, files, lacking=lacking[name], small=small)
    return lacking["snapshot_orders"]


def _optional(path: Path | Sequence[Path] | None, what: str) -> tuple[Path, ...]:
    return () if path is None else parquet_files(path, what)


def _day(db: Engine, source: Source, as_of: datetime) -> date:
    """The one settlement date of the lines; for no lines, the last day that is judged at `as_of` or before."""
    days: list[date] = [row[0] for row in db.rows("SELECT DISTINCT settlement_date FROM todays_lines ORDER BY 1")]
    if len(days) > 1:
        raise ConfigurationError(
            f"The lines are of {len(days)} settlement dates, {days[0]} to {days[-1]}; "
            "reconcile each day by itself, with the open items the day before left."
        )
    if days:
        return days[0]
    day = as_of.astimezone(source.zone).date() - timedelta(days=1)
    return day if source.as_of(day) <= as_of else day - timedelta(days=1)


def _refuse_lost_rows(db: Engine, written: int) -> None:
    """Every line has one row: nothing may fall out between two steps."""
    wanted = db.rows(
        "SELECT (SELECT COUNT(*) FROM todays_lines) + (SELECT COUNT(*) FROM carried_lines) "
        "+ (SELECT COUNT(*) FROM items WHERE line_key IS NULL)"
    )[0][0]
    if written != wanted:
        raise Terminal(
            f"{wanted} rows should have come out and {written} did. Nothing is kept; this is a fault of ours."
        )


def _digest(files: Sequence[Path]) -> str:
    """SHA-256 of one file; of several, of their digests in order of digest, so that names do not count."""
    digests = sorted(sha256_of(file) for file in files)
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest()
