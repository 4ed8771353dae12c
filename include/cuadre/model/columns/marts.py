"""The marts, the tables of schema `recon` in the warehouse: what matching made of a day, and the list of all marts.

Columns they share with Parquet come from there. Batches, bank and costs are in `settling.py`, what is on record of a
run in `recording.py`.
"""

from __future__ import annotations

from cuadre.model.columns.canonical import (
    AGE_DAYS,
    BATCH_ID,
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
    instant_or_null,
    money,
    money_or_null,
    text,
    text_or_null,
)
from cuadre.model.columns.recording import ARCHIVE_ADMISSION, CHECK_RESULT, INCIDENT, RUN_RECEIPT
from cuadre.model.columns.settling import BANK_MATCH, FEE_AUDIT, PAYOUT_BRIDGE, SETTLEMENT_BATCH

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
        text_or_null("archive_id", "SHA-256 of the archive; NULL without a line."),
        Column("line_no", Kind.COUNT, "Body record in the archive; NULL without a line.", nullable=True),
        text_or_null("line_type", "The LineType code; NULL without a line."),
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
        text("outcome", "The break's outcome code; for a closed item, its last one as a break."),
        REASONS,
        text_or_null("archive_id", "SHA-256 of the archive; NULL without a line."),
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
    "one open order that an open line may mean on a settlement day, of the 100,000 youngest open lines and orders; "
    "it changes no outcome",
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
