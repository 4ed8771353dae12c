"""The tables exchanged as Parquet, and the columns that several tables of the product share."""

from __future__ import annotations

from cuadre.model.columns.declaring import (
    Column,
    Kind,
    Table,
    count,
    instant,
    instant_or_null,
    money,
    money_or_null,
    optional,
    text,
    text_or_null,
)

SOURCE = text("source", "Name of the source, as in its source file.")
SETTLEMENT_DATE = Column("settlement_date", Kind.DATE, "The provider's business day, in the source's own zone.")
CURRENCY = text("currency", "ISO 4217 code.")
ARCHIVE_ID = text("archive_id", "SHA-256 of the ciphertext, lower-case hex.")
LINE_NO = count("line_no", "Number of the body record in the archive's member, from 1.")
BATCH_ID = text_or_null("batch_id", "The provider's batch.")
LINE_TYPE = text("line_type", "PAYMENT, REFUND, REVERSAL, ... : the LineType codes.")
PSP_REFERENCE = text_or_null("psp_reference", "The provider's reference: a CIP for PagoEfectivo. Empty is NULL.")
OPERATION_REFERENCE = text_or_null("operation_reference", "The provider's operation number.")
MERCHANT_REFERENCE = text_or_null("merchant_reference", "The merchant's reference: the order id.")
ORIGINAL_REFERENCE = text_or_null("original_reference", "For returns: the reference of the original payment.")
GROSS = money("gross", "What the buyer paid (positive) or got back (negative).")
FEE = money("fee", "The provider's fee, a positive cost.")
TAX = money("tax", "Tax on the fee, a positive cost.")
NET = money("net", "gross - fee - tax.")

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
        instant("occurred_at", "When the buyer paid, or the movement happened."),
        text_or_null("channel", "Where it was paid: agent, bank, wallet."),
        optional(text("presentment_currency", "Currency the buyer paid in, where it is another than `currency`.")),
        optional(money("presentment_amount", "What the buyer paid or got back."), "money of presentment_currency"),
        optional(money("exchange_rate", "What one unit of presentment_currency came to."), "units of `currency`"),
    ),
)

ORDERS = Table(
    "orders",
    "one order of the merchant, as the warehouse held it at the snapshot",
    ("order_id",),
    (
        text("order_id", "The merchant's order id."),
        PSP_REFERENCE,
        CURRENCY,
        money("amount", "What the buyer owes, positive."),
        text("status", "CREATED, PENDING, PAID, EXPIRED, CANCELLED, REFUNDED, REVERSED."),
        instant("created_at", "When the order was made."),
        instant_or_null("paid_at", "When the merchant learned of the payment."),
        instant_or_null("due_at", "When its settlement is expected to be in hand."),
        instant("updated_at", "Last change of the row."),
        text("merchant", "The merchant, where one warehouse serves several."),
        optional(text("channel", "Where it was paid, in the provider's words: agent, bank, wallet.")),
    ),
)

BANK_CREDITS = Table(
    "bank_credits",
    "one credit on the merchant's bank statement",
    ("credit_id",),
    (
        text("credit_id", "The bank's id of the credit."),
        text("account", "The account credited; an id, never a full account number."),
        Column("value_date", Kind.DATE, "Value date at the bank."),
        CURRENCY,
        money("amount", "Positive for a credit."),
        text_or_null("reference", "What the payer wrote, often the batch id."),
    ),
)

BATCH_DATE = Column("batch_date", Kind.DATE, "Settlement day of the batch; an earlier one for a batch carried over.")
BATCH = text("batch_id", "The provider's batch; '-' collects lines without one.")
BATCH_SUMS = (
    count("lines", "Lines of the batch, payouts left out."),
    money("gross", "Sum of gross, payouts left out."),
    money("fee", "Sum of fees."),
    money("tax", "Sum of tax."),
    money("net", "Sum of net, payouts left out: what is owed to the merchant."),
    money_or_null("payout", "What the payout line says was paid, positive; NULL without one."),
)
BANK_SIDE = (
    text("status", "How the batch stands at the bank, a BatchStatus code: balanced or one of bank_*."),
    text_or_null("reason", "The BankReason code; NULL for a batch that is balanced."),
    text_or_null("method", "The BankMethod code: how credit and batch were brought together; NULL without one."),
    text_or_null("credit_id", "The bank credit; NULL without one."),
    Column("value_date", Kind.DATE, "Value date of the credit; NULL without one.", nullable=True),
    money("owed", "What the batch should bring: its payout, or without one its net; 0 when it was paid before."),
    money_or_null("credited", "Amount of the credit, which may pay other batches too; NULL without one."),
    money_or_null("applied", "What of the credit is for this batch; NULL without one."),
    text_or_null("candidates", "What else fits, as `credits for batches`, when none is chosen; the first ten."),
)

OUTCOME = text("outcome", "The Outcome code.")
REASONS = Column("reasons", Kind.REASONS, "All that is wrong: {code, field, expected, got, delta}.")
ORDER_ID = text_or_null("order_id", "The order claimed, or the order without a line.")
EXPECTED = money_or_null("expected", "What the order says; NULL without an order.")
GOT = money_or_null("got", "The line's gross; NULL without a line.")
DELTA = money_or_null(
    "delta",
    "got - expected, a missing side counting as zero; NULL across currencies. Where one line paid several orders, the "
    "last of them has what it brought more or less, and the others 0: `expected + delta` is what each was paid.",
)
PASS = text_or_null("pass", "The pass that paired line and order.")
FIRST_SEEN = Column("first_seen", Kind.DATE, "Settlement date on which the item first appeared.")
AGE_DAYS = count("age_days", "Days from first_seen to this settlement date.")
ITEM_ID = text(
    "item_id",
    "Stable id of the item across runs: `order:` and the order id, or `line:`, a digest and a running number.",
)

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
        text_or_null("line_type", "The LineType code; NULL without a line."),
        ORDER_ID,
        CURRENCY,
        EXPECTED,
        GOT,
        DELTA,
        PASS,
        FIRST_SEEN,
        AGE_DAYS,
        ITEM_ID,
        optional(text("psp_reference", "That of the line, or of the one that paid the order with others; else NULL.")),
        optional(text("operation_reference", "The same line's.")),
        optional(instant("occurred_at", "When the buyer paid, or the movement happened; of the same line.")),
        optional(text("merchant_reference", "That of a return; NULL for any other row.")),
        optional(text("original_reference", "That of a return; NULL for any other row.")),
        optional(text("order_currency", "The order's own, where it is another than `currency`.")),
        optional(money("order_amount", "The order's own, where it is another than `expected`."), "money of the order"),
    ),
)

RECORDS = {Kind.LINE: LINES, Kind.ORDER: ORDERS}
"""Columns that hold a whole record, and of which table."""

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
    "one line of an earlier settlement day that cleared an order or gave money back",
    ("archive_id", "line_no", "order_id"),
    (
        text_or_null(
            "order_id",
            "The order that is used up by a PAYMENT, or given back by any other line; NULL for a line that paid "
            "several orders together, and for a return of a payment that had no order.",
        ),
        text_or_null(
            "archive_id", "SHA-256 of the archive; NULL for an order that one line paid together with others."
        ),
        Column("line_no", Kind.COUNT, "Body record in the archive; NULL likewise.", nullable=True),
        Column("settlement_date", Kind.DATE, "The day on which the line was judged so."),
        LINE_TYPE,
        text_or_null("currency", "Currency of `gross`; a PAYMENT uses up the order whatever it is."),
        money_or_null(
            "gross", "Gross of the line, or the share of an order paid together with others; a return must have it."
        ),
        optional(text("order_currency", "Currency of the order that was cleared, as it was then.")),
        optional(money("order_amount", "Amount of that order, as it was then."), "money of order_currency"),
        optional(text("psp_reference", "That of the line, or of the one that paid the order with others.")),
        optional(text("operation_reference", "The same line's.")),
        optional(instant("occurred_at", "The same line's.")),
        optional(text("merchant_reference", "The line's, for a return.")),
        optional(text("original_reference", "The line's, for a return.")),
    ),
)

BANK_MATCHES = Table(
    "bank_matches",
    "one batch that was open at the bank on the settlement day and one credit that pays it, or the batch without one",
    ("settlement_date", "batch_date", "batch_id", "currency", "credit_id"),
    (SOURCE, SETTLEMENT_DATE, BATCH_DATE, BATCH, CURRENCY, *BANK_SIDE, *BATCH_SUMS),
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

SUGGESTIONS = Table(
    "suggestions",
    "one open order that an open line may mean, of the 100,000 youngest open lines and orders; it changes no outcome",
    ("source", "settlement_date", "item_id", "suggested_item_id"),
    (
        SOURCE,
        SETTLEMENT_DATE,
        Column("item_id", Kind.TEXT, "The open line: the item id of its outcome."),
        text("suggested_item_id", "The open order: the item id of its outcome."),
        count("choice", "Place among the line's suggestions; 1 is the best."),
        Column("score", Kind.RATE, "How much speaks for it, in hundredths; only 0.40 and more is suggested."),
        Column("reasons", Kind.REASONS, "The Evidence codes: expected is the order's, got the line's."),
        text("order_id", "The order suggested."),
        CURRENCY,
        money("expected", "What the order says."),
        money("got", "The line's gross."),
    ),
)

CANONICAL = (LINES, ORDERS, BANK_CREDITS, OUTCOMES, OPEN_ITEMS, CLAIMS, BANK_MATCHES, ANSWERS, SUGGESTIONS)
"""Tables exchanged as Parquet."""
