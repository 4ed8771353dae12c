"""The marts: the tables of schema `recon` in the warehouse. Columns they share with Parquet come from there."""

from __future__ import annotations

from cuadre.model.columns.canonical import (
    AGE_DAYS,
    ARCHIVE_ID,
    BANK_SIDE,
    BATCH,
    BATCH_DATE,
    BATCH_ID,
    BATCH_SUMS,
    CURRENCY,
    DELTA,
    EXPECTED,
    FIRST_SEEN,
    GOT,
    ITEM_ID,
    MERCHANT_REFERENCE,
    OPERATION_REFERENCE,
    ORDER_ID,
    OUTCOME,
    PASS,
    PSP_REFERENCE,
    REASONS,
    SETTLEMENT_DATE,
    SOURCE,
    SUGGESTIONS,
)
from cuadre.model.columns.declaring import (
    Column,
    Kind,
    Table,
    count,
    instant,
    instant_or_null,
    money,
    money_or_null,
    text,
)

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
        money_or_null("fee", "The provider's fee; NULL without a line."),
        money_or_null("tax", "Tax on the fee; NULL without a line."),
        money_or_null("net", "gross - fee - tax; NULL without a line."),
        instant_or_null("occurred_at", "When the buyer paid; NULL without a line."),
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
        text("status", "open or closed."),
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
        money("at_risk", "Money the break leaves unreconciled, never negative."),
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
        count("lines", "Lines admitted for the day."),
        count("items", "Outcome rows, carried items included."),
        count("matchable", "Items that ought to match: all but pending and not_an_order."),
        count("matched", "Items matched, with or without variance."),
        count("variances", "Of these, matched with a variance."),
        count("breaks", "Items that are breaks."),
        count("pending", "Orders not yet due."),
        Column("match_rate_count", Kind.RATE, "matched / matchable; NULL when nothing ought to match.", nullable=True),
        Column("match_rate_money", Kind.RATE, "The same by money; NULL when no money ought to match.", nullable=True),
        money("matched_money", "Absolute money of matched items."),
        money("unreconciled", "Money at risk in breaks."),
        money("gross", "Sum of gross of the day's lines, payouts left out."),
        money("fee", "Sum of fees of the day's lines."),
        money("tax", "Sum of tax of the day's lines."),
        money("net", "Sum of net of the day's lines, payouts left out."),
    ),
)

SETTLEMENT_BATCH = Table(
    "settlement_batch",
    "one provider batch and currency of a settlement day, or of an earlier one that was still open at the bank",
    ("source", "settlement_date", "batch_date", "batch_id", "currency"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        BATCH_DATE,
        BATCH,
        CURRENCY,
        text("status", "The BatchStatus code."),
        *BATCH_SUMS,
        money_or_null("bank_amount", "What bank credits bring for the batch; NULL without one."),
        Column("credit_id", Kind.TEXT, "The bank credits, comma separated; NULL without one.", nullable=True),
        Column("value_date", Kind.DATE, "Value date of the last of them.", nullable=True),
    ),
)

BANK_MATCH = Table(
    "bank_match",
    "one batch that was open at the bank on the settlement day and one credit that pays it, or the batch without one",
    ("source", "settlement_date", "batch_date", "batch_id", "currency", "credit_id"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        BATCH_DATE,
        BATCH,
        CURRENCY,
        *(text("credit_id", "The bank credit; '-' without one.") if c.name == "credit_id" else c for c in BANK_SIDE),
    ),
)

PAYOUT_BRIDGE = Table(
    "payout_bridge",
    "one step from the gross of a batch to what the bank credited",
    ("source", "settlement_date", "batch_date", "batch_id", "currency", "step"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        BATCH_DATE,
        BATCH,
        CURRENCY,
        count("step_no", "Place of the step, in ascending order."),
        text(
            "step",
            "gross, fees, tax, refunds, reversals, chargebacks, chargeback_reversals, adjustments, rounding, fx, net, "
            "payout, bank, unexplained; for a batch of an earlier day carried, bank, unexplained.",
        ),
        money(
            "amount",
            "What the step adds. For net and payout what the steps before do not explain, 0 when all is well; for fx "
            "0, since gross is in the currency of the settlement; bank takes away what was credited; unexplained is "
            "the rest, so that the walk ends at 0.",
        ),
        money("total", "The sum of this step's amount and all before it."),
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
        text("channel", "Where it was paid; '-' for lines without a channel."),
        count("payments", "Payment lines."),
        count("deviating", "Payment lines whose fee or tax is not the contract's."),
        money("gross", "Sum of gross of the payments."),
        money("fee_contract", "Sum of fees by the contract in force."),
        money("fee_charged", "Sum of fees charged."),
        money("tax_contract", "Sum of tax by the contract in force."),
        money("tax_charged", "Sum of tax charged."),
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
        text("file_name", "Name under which it was delivered."),
        text("verdict", "admitted or rejected."),
        Column("reason", Kind.TEXT, "RejectionReason or ArchiveNote code; NULL when plainly admitted.", nullable=True),
        Column("detail", Kind.TEXT, "What was seen and what to do.", nullable=True),
        count("bytes", "Bytes of ciphertext."),
        text("shape", "How the message is built, as the source declares it."),
        Column("signer", Kind.TEXT, "Primary fingerprint of the signer, when one was proven.", nullable=True),
        instant_or_null("signed_at", "When it was signed."),
        count("lines", "Lines admitted."),
        instant("seen_at", "When it was judged."),
    ),
)

CHECK_RESULT = Table(
    "check_result",
    "one expectation on one settlement day",
    ("source", "settlement_date", "check_name"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        text("check_name", "Stable name of the expectation."),
        text("severity", "critical or warning."),
        Column("success", Kind.FLAG, "Whether it held."),
        count("rows", "Rows looked at."),
        count("unexpected", "Rows that broke it."),
        text("doc", "What it checks, in words."),
        instant("checked_at", "When it was run."),
    ),
)

INCIDENT = Table(
    "incident",
    "one incident: a source, a settlement day and a kind",
    ("incident_id",),
    (
        text("incident_id", "Stable id: the same trouble of the same day keeps it."),
        SOURCE,
        SETTLEMENT_DATE,
        text("kind", "The IncidentKind code."),
        text("state", "open or recovered."),
        text("title", "One line for the pager."),
        text("cause", "What happened, in words; no personal data."),
        count("count", "Items concerned."),
        Column("money", Kind.TEXT, "Money at risk, such as 'PEN 1,204.50'; NULL when unknown.", nullable=True),
        Column("keys", Kind.TEXT, "First few item ids or codes, comma separated.", nullable=True),
        text("runbook", "Address of the run book."),
        instant("opened_at", "When it was first seen."),
        instant("updated_at", "When it last changed."),
        instant_or_null("recovered_at", "When it recovered; NULL while open."),
        count("times", "How often it was seen."),
    ),
)

RUN_RECEIPT = Table(
    "run_receipt",
    "one publication of one settlement day",
    ("source", "settlement_date"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        instant("as_of", "The moment the day was judged at."),
        count("archives", "Archives admitted."),
        count("lines", "Lines admitted."),
        count("items", "Outcome rows."),
        text("snapshot_hash", "SHA-256 of the order snapshot."),
        text("outcome_hash", "SHA-256 of the outcomes."),
        text(
            "mart_hash",
            "SHA-256 over what the rows follow from: the outcomes' hash, the day's lines, the SQL models, and the rows "
            "of every mart but recon_line.",
        ),
        text(
            "seal",
            "SHA-256 over what the rows were made from, by which code and rules, and the sums read back: where it is "
            "the same again, nothing has to be made.",
        ),
        instant("published_at", "When it was committed."),
    ),
)

BREAK_CAUSE = Table(
    "break_cause",
    "one thing that breaks of a settlement day share, and one currency of their money",
    ("source", "settlement_date", "scope", "outcome", "dimension", "value", "currency"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        text("scope", "new: breaks that were none when the day began; open: all of them."),
        text("outcome", "The outcome code of the breaks; any: all outcomes together."),
        text("dimension", "What they share: a CauseDimension code."),
        text("value", "Which one; only the ten with most breaks of each dimension are kept."),
        CURRENCY,
        count("breaks", "Breaks of this scope and outcome with this value, in this currency."),
        money("at_risk", "Their money at risk."),
        count("of_breaks", "All breaks of this scope and outcome, in whatever currency."),
        money("of_at_risk", "Money at risk of all breaks of this scope and outcome in this currency."),
        Column("share", Kind.RATE, "Breaks with this value in whatever currency, of all breaks."),
        Column("base_share", Kind.RATE, "Items with this value, of all that ought to match and have this dimension."),
        Column("lift", Kind.RATE, "share / base_share, at most 999: how much more often breaks have it than items do."),
    ),
)

RECON_SUGGESTION = Table(
    "recon_suggestion",
    "one open order that an open line may mean on a settlement day; it changes no outcome",
    SUGGESTIONS.key,
    SUGGESTIONS.columns,
)

MARTS = (
    RECON_LINE,
    RECON_BREAK,
    RECON_DAILY,
    SETTLEMENT_BATCH,
    BANK_MATCH,
    PAYOUT_BRIDGE,
    FEE_AUDIT,
    ARCHIVE_ADMISSION,
    CHECK_RESULT,
    BREAK_CAUSE,
    RECON_SUGGESTION,
    INCIDENT,
    RUN_RECEIPT,
)
"""Tables of schema `recon` in the warehouse."""
