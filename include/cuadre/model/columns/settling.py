"""Marts of what the provider settles: batches, what the bank credits for them, and what all that costs."""

from __future__ import annotations

from cuadre.model.columns.canonical import BANK_SIDE, BATCH, BATCH_DATE, BATCH_SUMS, CURRENCY, SETTLEMENT_DATE, SOURCE
from cuadre.model.columns.declaring import Column, Kind, Table, count, money, money_or_null, text, text_or_null

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
        text_or_null("credit_id", "The bank credits, comma separated; NULL without one."),
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
            "gross, fees, tax, refunds, reversals, chargebacks, chargeback_reversals, adjustments, rounding, net, "
            "payout, bank, unexplained; for a batch of an earlier day carried, bank, unexplained.",
        ),
        money(
            "amount",
            "What the step adds, in the currency of the settlement. For net and payout what the steps before do not "
            "explain, 0 when all is well; bank takes away what was credited; unexplained is the rest, so that the walk "
            "ends at 0.",
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
