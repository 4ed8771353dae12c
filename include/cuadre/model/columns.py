"""THE column registry: every table of the product, its grain, key and columns, declared once.

The Arrow schemas, the expectation suite, the warehouse DDL with its comments and the data dictionary are made from
this module. Money is DECIMAL(18,6) in the line's own currency, merchant's sign; instants are UTC.
What does not live here: types of any engine (see `arrow.py` and `cuadre.marts.schema`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The logical type of a column."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"
    RATE = "rate"
    DATE = "date"
    INSTANT = "instant"
    FLAG = "flag"
    REASONS = "reasons"
    LINE = "line"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, logical type, whether it may be NULL, and what it means."""

    name: str
    kind: Kind
    doc: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what a row is (`grain`), what identifies it (`key`), and its columns in order."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


def _text(name: str, doc: str) -> Column:
    return Column(name, Kind.TEXT, doc)


def _text_or_null(name: str, doc: str) -> Column:
    return Column(name, Kind.TEXT, doc, nullable=True)


def _money(name: str, doc: str) -> Column:
    return Column(name, Kind.MONEY, doc)


def _money_or_null(name: str, doc: str) -> Column:
    return Column(name, Kind.MONEY, doc, nullable=True)


def _count(name: str, doc: str) -> Column:
    return Column(name, Kind.COUNT, doc)


def _instant(name: str, doc: str) -> Column:
    return Column(name, Kind.INSTANT, doc)


def _instant_or_null(name: str, doc: str) -> Column:
    return Column(name, Kind.INSTANT, doc, nullable=True)


SOURCE = _text("source", "Name of the source, as in its source file.")
SETTLEMENT_DATE = Column("settlement_date", Kind.DATE, "The provider's business day, in the source's own zone.")
CURRENCY = _text("currency", "ISO 4217 code.")
ARCHIVE_ID = _text("archive_id", "SHA-256 of the ciphertext, lower-case hex.")
LINE_NO = _count("line_no", "Number of the body record in the archive's member, from 1.")
BATCH_ID = _text_or_null("batch_id", "The provider's batch.")
LINE_TYPE = _text("line_type", "PAYMENT, REFUND, REVERSAL, ... : the LineType codes.")
PSP_REFERENCE = _text_or_null("psp_reference", "The provider's reference: a CIP for PagoEfectivo. Empty is NULL.")
OPERATION_REFERENCE = _text_or_null("operation_reference", "The provider's operation number.")
MERCHANT_REFERENCE = _text_or_null("merchant_reference", "The merchant's reference: the order id.")
ORIGINAL_REFERENCE = _text_or_null("original_reference", "For returns: the reference of the original payment.")
GROSS = _money("gross", "What the buyer paid (positive) or got back (negative).")
FEE = _money("fee", "The provider's fee, a positive cost.")
TAX = _money("tax", "Tax on the fee, a positive cost.")
NET = _money("net", "gross - fee - tax.")

LINES = Table(
    "lines",
    "one body record of an admitted archive",
    ("archive_id", "line_no"),
    (
        SOURCE,
        ARCHIVE_ID,
        LINE_NO,
        SETTLEMENT_DATE,
        BATCH_ID,
        LINE_TYPE,
        PSP_REFERENCE,
        OPERATION_REFERENCE,
        MERCHANT_REFERENCE,
        ORIGINAL_REFERENCE,
        CURRENCY,
        GROSS,
        FEE,
        TAX,
        NET,
        _instant("occurred_at", "When the buyer paid, or the movement happened."),
        _text_or_null("channel", "Where it was paid: agent, bank, wallet."),
    ),
)

ORDERS = Table(
    "orders",
    "one order of the merchant, as the warehouse held it at the snapshot",
    ("order_id",),
    (
        _text("order_id", "The merchant's order id."),
        PSP_REFERENCE,
        CURRENCY,
        _money("amount", "What the buyer owes, positive."),
        _text("status", "CREATED, PENDING, PAID, EXPIRED, CANCELLED, REFUNDED, REVERSED."),
        _instant("created_at", "When the order was made."),
        _instant_or_null("paid_at", "When the merchant learned of the payment."),
        _instant_or_null("due_at", "When its settlement is expected to be in hand."),
        _instant("updated_at", "Last change of the row."),
        _text("merchant", "The merchant, where one warehouse serves several."),
    ),
)

BANK_CREDITS = Table(
    "bank_credits",
    "one credit on the merchant's bank statement",
    ("credit_id",),
    (
        _text("credit_id", "The bank's id of the credit."),
        _text("account", "The account credited; an id, never a full account number."),
        Column("value_date", Kind.DATE, "Value date at the bank."),
        CURRENCY,
        _money("amount", "Positive for a credit."),
        _text_or_null("reference", "What the payer wrote, often the batch id."),
    ),
)

OUTCOME = _text("outcome", "The Outcome code.")
REASONS = Column("reasons", Kind.REASONS, "All that is wrong: {code, field, expected, got, delta}.")
ORDER_ID = _text_or_null("order_id", "The order claimed, or the order without a line.")
EXPECTED = _money_or_null("expected", "What the order says; NULL without an order.")
GOT = _money_or_null("got", "The line's gross; NULL without a line.")
DELTA = _money_or_null("delta", "got - expected, a missing side counting as zero; NULL across currencies.")
PASS = _text_or_null("pass", "The pass that paired line and order.")
FIRST_SEEN = Column("first_seen", Kind.DATE, "Settlement date on which the item first appeared.")
AGE_DAYS = _count("age_days", "Days from first_seen to this settlement date.")
ITEM_ID = _text("item_id", "Stable id of the item across runs.")

OUTCOMES = Table(
    "outcomes",
    "one line, or one due or pending order without a line",
    ("source", "settlement_date", "item_id"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        OUTCOME,
        REASONS,
        Column("archive_id", Kind.TEXT, "SHA-256 of the archive; NULL without a line.", nullable=True),
        Column("line_no", Kind.COUNT, "Body record in the archive; NULL without a line.", nullable=True),
        ORDER_ID,
        CURRENCY,
        EXPECTED,
        GOT,
        DELTA,
        PASS,
        FIRST_SEEN,
        AGE_DAYS,
        ITEM_ID,
    ),
)

OPEN_ITEMS = Table(
    "open_items",
    "one item that is not closed at the end of the day and comes up again on the next",
    ("item_id",),
    (
        SOURCE,
        SETTLEMENT_DATE,
        ITEM_ID,
        OUTCOME,
        REASONS,
        CURRENCY,
        EXPECTED,
        GOT,
        DELTA,
        FIRST_SEEN,
        Column("line", Kind.LINE, "The open line, whole; NULL for an order without a line.", nullable=True),
        Column("order", Kind.ORDER, "The order as last seen; NULL for a line without one.", nullable=True),
    ),
)

CLAIMS = Table(
    "claims",
    "one order cleared by a line of another settlement day",
    ("order_id", "archive_id", "line_no"),
    (
        _text("order_id", "The order that is used up."),
        ARCHIVE_ID,
        LINE_NO,
        Column("settlement_date", Kind.DATE, "The day on which it was cleared."),
    ),
)

ANSWERS = Table(
    "answers",
    "the planted truth for one line, or one due or pending order without a line",
    ("archive_id", "line_no", "order_id"),
    (
        Column("archive_id", Kind.TEXT, "SHA-256 of the archive; NULL without a line.", nullable=True),
        Column("line_no", Kind.COUNT, "Body record in the archive; NULL without a line.", nullable=True),
        Column("order_id", Kind.TEXT, "The order meant; NULL without one.", nullable=True),
        OUTCOME,
    ),
)

# ---------------------------------------------------------------------------------------------------------- marts

RECON_LINE = Table(
    "recon_line",
    "one outcome of one settlement day, with the line's own columns",
    ("source", "settlement_date", "item_id"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        ITEM_ID,
        OUTCOME,
        REASONS,
        Column("archive_id", Kind.TEXT, "SHA-256 of the archive; NULL without a line.", nullable=True),
        Column("line_no", Kind.COUNT, "Body record in the archive; NULL without a line.", nullable=True),
        Column("line_type", Kind.TEXT, "The LineType code; NULL without a line.", nullable=True),
        BATCH_ID,
        ORDER_ID,
        PSP_REFERENCE,
        OPERATION_REFERENCE,
        MERCHANT_REFERENCE,
        CURRENCY,
        EXPECTED,
        GOT,
        DELTA,
        _money_or_null("fee", "The provider's fee; NULL without a line."),
        _money_or_null("tax", "Tax on the fee; NULL without a line."),
        _money_or_null("net", "gross - fee - tax; NULL without a line."),
        _instant_or_null("occurred_at", "When the buyer paid; NULL without a line."),
        PASS,
        FIRST_SEEN,
        AGE_DAYS,
    ),
)

RECON_BREAK = Table(
    "recon_break",
    "one break, open or closed, as it stands after its latest settlement day",
    ("source", "item_id", "settlement_date"),
    (
        SOURCE,
        ITEM_ID,
        Column("settlement_date", Kind.DATE, "The settlement day that last changed the item."),
        _text("status", "open or closed."),
        Column("outcome", Kind.TEXT, "The break's outcome code; for a closed item, its last one as a break."),
        REASONS,
        Column("archive_id", Kind.TEXT, "SHA-256 of the archive; NULL without a line.", nullable=True),
        Column("line_no", Kind.COUNT, "Body record in the archive; NULL without a line.", nullable=True),
        ORDER_ID,
        PSP_REFERENCE,
        MERCHANT_REFERENCE,
        BATCH_ID,
        CURRENCY,
        EXPECTED,
        GOT,
        DELTA,
        _money("at_risk", "Money the break leaves unreconciled, never negative."),
        FIRST_SEEN,
        Column("closed_on", Kind.DATE, "Settlement day on which it closed; NULL while open.", nullable=True),
    ),
)

RECON_DAILY = Table(
    "recon_daily",
    "one source, settlement day and currency",
    ("source", "settlement_date", "currency"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        CURRENCY,
        _count("lines", "Lines admitted for the day."),
        _count("items", "Outcome rows, carried items included."),
        _count("matchable", "Items that ought to match: all but pending and not_an_order."),
        _count("matched", "Items matched, with or without variance."),
        _count("variances", "Of these, matched with a variance."),
        _count("breaks", "Items that are breaks."),
        _count("pending", "Orders not yet due."),
        Column("match_rate_count", Kind.RATE, "matched / matchable; NULL when nothing ought to match.", nullable=True),
        Column("match_rate_money", Kind.RATE, "The same by money; NULL when no money ought to match.", nullable=True),
        _money("matched_money", "Absolute money of matched items."),
        _money("unreconciled", "Money at risk in breaks."),
        _money("gross", "Sum of gross of the day's lines, payouts left out."),
        _money("fee", "Sum of fees of the day's lines."),
        _money("tax", "Sum of tax of the day's lines."),
        _money("net", "Sum of net of the day's lines, payouts left out."),
    ),
)

SETTLEMENT_BATCH = Table(
    "settlement_batch",
    "one provider batch and currency of a settlement day",
    ("source", "settlement_date", "batch_id", "currency"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        _text("batch_id", "The provider's batch; '-' collects lines without one."),
        CURRENCY,
        _text("status", "The BatchStatus code."),
        _count("lines", "Lines of the batch, payouts left out."),
        _money("gross", "Sum of gross, payouts left out."),
        _money("fee", "Sum of fees."),
        _money("tax", "Sum of tax."),
        _money("net", "Sum of net, payouts left out: what is owed to the merchant."),
        _money_or_null("payout", "What the payout line says was paid, positive; NULL without one."),
        _money_or_null("bank_amount", "The bank credit with the batch's reference; NULL without one."),
        Column("credit_id", Kind.TEXT, "The bank credit; NULL without one.", nullable=True),
        Column("value_date", Kind.DATE, "Value date of the bank credit.", nullable=True),
    ),
)

FEE_AUDIT = Table(
    "fee_audit",
    "one settlement day, currency and channel",
    ("source", "settlement_date", "currency", "channel"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        CURRENCY,
        _text("channel", "Where it was paid; '-' for lines without a channel."),
        _count("payments", "Payment lines."),
        _count("deviating", "Payment lines whose fee or tax is not the contract's."),
        _money("gross", "Sum of gross of the payments."),
        _money("fee_contract", "Sum of fees by the contract in force."),
        _money("fee_charged", "Sum of fees charged."),
        _money("tax_contract", "Sum of tax by the contract in force."),
        _money("tax_charged", "Sum of tax charged."),
    ),
)

ARCHIVE_ADMISSION = Table(
    "archive_admission",
    "one archive seen for a settlement day, admitted or refused",
    ("source", "settlement_date", "archive_id"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        ARCHIVE_ID,
        _text("file_name", "Name under which it was delivered."),
        _text("verdict", "admitted or rejected."),
        Column("reason", Kind.TEXT, "RejectionReason or ArchiveNote code; NULL when plainly admitted.", nullable=True),
        Column("detail", Kind.TEXT, "What was seen and what to do.", nullable=True),
        _count("bytes", "Bytes of ciphertext."),
        _text("shape", "How the message is built, as the source declares it."),
        Column("signer", Kind.TEXT, "Primary fingerprint of the signer, when one was proven.", nullable=True),
        _instant_or_null("signed_at", "When it was signed."),
        _count("lines", "Lines admitted."),
        _instant("seen_at", "When it was judged."),
    ),
)

CHECK_RESULT = Table(
    "check_result",
    "one expectation on one settlement day",
    ("source", "settlement_date", "check_name"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        _text("check_name", "Stable name of the expectation."),
        _text("severity", "critical or warning."),
        Column("success", Kind.FLAG, "Whether it held."),
        _count("rows", "Rows looked at."),
        _count("unexpected", "Rows that broke it."),
        _text("doc", "What it checks, in words."),
        _instant("checked_at", "When it was run."),
    ),
)

INCIDENT = Table(
    "incident",
    "one incident: a source, a settlement day and a kind",
    ("incident_id",),
    (
        _text("incident_id", "Stable id: the same trouble of the same day keeps it."),
        SOURCE,
        SETTLEMENT_DATE,
        _text("kind", "The IncidentKind code."),
        _text("state", "open or recovered."),
        _text("title", "One line for the pager."),
        _text("cause", "What happened, in words; no personal data."),
        _count("count", "Items concerned."),
        Column("money", Kind.TEXT, "Money at risk, such as 'PEN 1,204.50'; NULL when unknown.", nullable=True),
        Column("keys", Kind.TEXT, "First few item ids or codes, comma separated.", nullable=True),
        _text("runbook", "Address of the run book."),
        _instant("opened_at", "When it was first seen."),
        _instant("updated_at", "When it last changed."),
        _instant_or_null("recovered_at", "When it recovered; NULL while open."),
        _count("times", "How often it was seen."),
    ),
)

RUN_RECEIPT = Table(
    "run_receipt",
    "one publication of one settlement day",
    ("source", "settlement_date"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        _instant("as_of", "The moment the day was judged at."),
        _count("archives", "Archives admitted."),
        _count("lines", "Lines admitted."),
        _count("items", "Outcome rows."),
        _text("snapshot_hash", "SHA-256 of the order snapshot."),
        _text("outcome_hash", "SHA-256 of the outcomes."),
        _text("mart_hash", "SHA-256 over the rows published."),
        _instant("published_at", "When it was committed."),
    ),
)

CANONICAL = (LINES, ORDERS, BANK_CREDITS, OUTCOMES, OPEN_ITEMS, CLAIMS, ANSWERS)
"""Tables exchanged as Parquet."""

MARTS = (
    RECON_LINE,
    RECON_BREAK,
    RECON_DAILY,
    SETTLEMENT_BATCH,
    FEE_AUDIT,
    ARCHIVE_ADMISSION,
    CHECK_RESULT,
    INCIDENT,
    RUN_RECEIPT,
)
"""Tables of schema `recon` in the warehouse."""
