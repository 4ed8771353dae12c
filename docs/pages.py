"""Pages made from the product's vocabulary: tables, codes, expectations, and the sandbox's faults."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from cuadre.model import codes as vocabulary
from cuadre.model.columns import (
    CANONICAL,
    DECISION,
    INCIDENT,
    MARTS,
    MOVEMENT,
    OPEN_BREAK,
    REOPENING,
    STANDING_DECISION,
    Column,
    Kind,
    Table,
)
from cuadre.quality.expectations import EXPECTATIONS

EXAMPLES = Path(__file__).parent / "examples"
"""Hand-written queries, one file for each mart."""

TYPES = {
    Kind.TEXT: ("string", "text"),
    Kind.COUNT: ("int64", "bigint"),
    Kind.MONEY: ("decimal128(18, 6)", "numeric(24, 6)"),
    Kind.RATE: ("decimal128(9, 6)", "numeric(9, 6)"),
    Kind.DATE: ("date32", "date"),
    Kind.INSTANT: ("timestamp[us, UTC]", "timestamptz"),
    Kind.FLAG: ("bool", "boolean"),
    Kind.REASONS: ("list<reason>", "jsonb"),
    Kind.LINE: ("struct of a line", ""),
    Kind.ORDER: ("struct of an order", ""),
}
"""How each kind of column is called in Parquet, and in PostgreSQL."""

UNITS = {Kind.MONEY: "money of the row's currency", Kind.INSTANT: "UTC", Kind.RATE: "share, 0 to 1"}


def data_dictionary() -> str:
    """Every table: grain, key, columns; for the marts a query to start from."""
    head = """\
# Data dictionary

Money is exact everywhere, in the row's own currency and with the merchant's sign: a payment has positive gross, fee
and tax are positive costs, and net = gross - fee - tax. Instants are UTC; a settlement date is the provider's business
day in the source's own zone. An empty reference is NULL, and NULL matches nothing.

A **reason** is {code, field, expected, got, delta}; the codes are in [codes](codes.md).

Every mart but `incident` remembers what was believed when. `recon.<mart>` is a view of today's belief and shows
`known_from` besides the columns below; `recon.<mart>_history` holds past beliefs too, each from `known_from` until
`known_to`; the function `recon.<mart>_as_of(timestamptz)` gives the view as it was believed at a moment. A publication
counts from the moment it began. The role `cuadre_analyst` may read them all.
"""
    parquet = "".join(_table(table, TYPES_AT["parquet"]) for table in CANONICAL)
    marts = "".join(_table(table, TYPES_AT["warehouse"]) + _example(table) for table in MARTS)
    views = ((STANDING_DECISION, "View"), (OPEN_BREAK, "View"))
    besides = ((DECISION, "Table"), (REOPENING, "Table"), *views, (MOVEMENT, "Function"))
    more = "".join(_table(table, TYPES_AT["warehouse"], what) + _example(table) for table, what in besides)
    sections = f"\n## Tables exchanged as Parquet\n{parquet}\n## Marts: schema `recon`\n{marts}"
    return as_page("model/columns/", f"{head}{sections}\n## Decisions and movements: schema `recon` besides\n{more}")


TYPES_AT = {"parquet": 0, "warehouse": 1}


def codes() -> str:
    """Every code others script against, with its meaning."""
    sections: tuple[tuple[str, str, Iterable[tuple[str, str]]], ...] = (
        ("Outcomes", "The one result of a line, or of an order without a line.", _meanings(vocabulary.Outcome)),
        ("Reasons", "What is wrong, or notable, on a row; a row keeps all of them.", _meanings(vocabulary.ReasonCode)),
        ("Rejections", "Why an archive is refused, and what to do.", _meanings(vocabulary.RejectionReason)),
        ("Notes on an archive", "No rejection.", _meanings(vocabulary.ArchiveNote)),
        ("Evidence", "Why an open order is suggested for an open line.", _meanings(vocabulary.Evidence)),
        ("Causes", "What breaks of a day may share.", _meanings(vocabulary.CauseDimension)),
        ("Batches", "How far a settlement batch agrees.", _meanings(vocabulary.BatchStatus)),
        ("Batches and the bank", "How credits were found to pay batches.", _meanings(vocabulary.BankMethod)),
        ("Batches without their credit", "Why a batch is not settled.", _meanings(vocabulary.BankReason)),
        ("Reopenings", "Why an item is open again.", _meanings(vocabulary.ReopeningCause)),
        ("Decisions", "What people say of an item.", _meanings(vocabulary.DecisionKind)),
        ("States of a break", "Where an open break stands between people.", _meanings(vocabulary.BreakState)),
        ("Incidents", "What is alerted; each has its run book.", _incidents()),
    )
    body = "".join(f"\n## {title}\n\n{lead}\n\n{grid(('code', 'meaning'), rows)}" for title, lead, rows in sections)
    breaks = ", ".join(f"`{outcome.name}`" for outcome in vocabulary.BREAKS)
    plain = f"\n## Plain lists\n\nLine types: {_list(vocabulary.LineType)}.\n\n"
    plain += f"Order states: {_list(vocabulary.OrderStatus)}.\n\nOutcomes that are breaks: {breaks}.\n"
    return as_page(
        "model/codes.py",
        f"# Codes\n\nOther people's scripts rely on these; a rename is a breaking change.\n{body}{plain}",
    )


def checks() -> str:
    """Every expectation with its severity and sentence."""
    rows = ((f"`{each.name}`", each.severity.value, each.doc) for each in EXPECTATIONS)
    return as_page(
        "quality/expectations.py",
        f"""\
# Checks

What a day's lines must hold before anything is matched. A **critical** expectation that fails closes the gate: the
run ends, nothing of the day is reconciled or published, and the incident `gate_closed` opens. A **warning** is
recorded and alerts as `check_warning`; the day goes on, and reconciliation gives each line its outcome.

Critical is what would put wrong money or a wrong day into the marts: lines that contradict themselves, or are not what
was asked for. A line that is merely wrong (another fee than the contract's, a reference that came twice) is a result,
never a reason to hide the rest of the day.

Results are kept in `recon.check_result` with counts; the report and the run's data docs, a page that loads nothing from
anywhere, name the first few lines besides, as `<start of archive_id>:<line_no>`. None names a reference or an amount.

{grid(("expectation", "severity", "what it says"), rows)}""",
    )


def faults() -> str:
    """Every fault the sandbox can plant in an archive, and the code it is refused with."""
    from cuadre.sandbox.faults import FAULTS

    rows = ((f"`{fault.name}`", fault.stage.value, f"`{fault.expected}`", fault.doc) for fault in FAULTS.values())
    return as_page(
        "sandbox/faults.py",
        f"""\
# Faults the sandbox can plant

`cuadre sandbox archive --fault NAME` makes an archive that is wrong in this way; `admit` must refuse it with the code
beside it. Faults of different stages can be planted together.

{grid(("fault", "stage", "refused with", "what is wrong"), rows)}""",
    )


def _may_be_null(column: Column) -> str:
    if column.optional:
        return "yes, or lacking"
    return "yes" if column.nullable else "no"


def _table(table: Table, types: int, what: str = "") -> str:
    rows = ((f"`{c.name}`", TYPES[c.kind][types], _may_be_null(c), _sentence(c)) for c in table.columns)
    where = what or ("Table" if table is INCIDENT or types == TYPES_AT["parquet"] else "View")
    key = ", ".join(f"`{name}`" for name in table.key)
    return (
        f"\n### {table.name}\n\n{where}. A row is {table.grain}. Key: {key}.\n\n"
        f"{grid(('column', 'type', 'NULL', 'meaning'), rows)}"
    )


def _sentence(column: Column) -> str:
    unit = column.unit or UNITS.get(column.kind)
    return f"{column.doc} ({unit})" if unit else column.doc


def _example(mart: Table) -> str:
    query = (EXAMPLES / f"{mart.name}.sql").read_text(encoding="utf-8").strip()
    return f"\n```sql\n{query}\n```\n"


def _meanings(kind: type[Enum]) -> Iterable[tuple[str, str]]:
    return ((f"`{member.name}`", str(member.value)) for member in kind)


def _incidents() -> Iterable[tuple[str, str]]:
    kinds = vocabulary.IncidentKind
    return ((f"`{kind.name}`", f"{kind.value}: [run book](runbooks/{kind.page})") for kind in kinds)


def _list(kind: type[Enum]) -> str:
    return ", ".join(f"`{member.value}`" for member in kind)


def grid(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    cells = [titles, tuple("---" for _ in titles), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in cells)


def as_page(origin: str, text: str) -> str:
    """`text` as a generated page, with a word on where to change it."""
    return f"<!-- Generated by `make docs` from include/cuadre/{origin}: edit that, not this page. -->\n\n{text}"
