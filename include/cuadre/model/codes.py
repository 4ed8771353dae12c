"""Codes other people script against: rejection reasons, outcomes, row reasons, line types, order states, incidents.

Each code is declared here once, with its sentence; tables, docs and run books are generated from these.
Source of the sets: the product's published contract. Renaming one is a breaking change.
"""

from __future__ import annotations

from enum import Enum, StrEnum


class Verdict(StrEnum):
    """What admission says of an archive."""

    ADMITTED = "admitted"
    REJECTED = "rejected"


class RejectionReason(Enum):
    """Why an archive is refused. The value is the advice given to whoever is paged."""

    UNSIGNED = "The message decrypts but carries no signature. Ask the provider to sign before encrypting."
    NOT_ENCRYPTED = "The archive is not encrypted. Treat its content as exposed and ask for an encrypted copy."
    BAD_SIGNATURE = "A signature does not match the content. Do not use the file; ask the provider to send it again."
    UNKNOWN_SIGNER = "Signed by a key that is not in the key ring. Confirm its fingerprint by telephone first."
    SIGNER_NOT_ALLOWED = "Signed by a known key that this source does not allow. Check `trust.keys` in the source file."
    SIGNER_EXPIRED = "Signed after the signer's key, or its allowed window, had ended. Ask for the new key."
    SIGNER_REVOKED = "The signer's key is revoked. Do not use the file; call the provider's security contact."
    SIGNATURE_EXPIRED = "The signature itself carries an expiry that has passed. Ask the provider to sign again."
    SIGNATURE_FROM_FUTURE = "The signature is dated in the future. Compare both clocks (NTP) before asking again."
    WEAK_ALGORITHM = "A hash, cipher or key below the allowed floor was used. Ask for SHA-256 and AES or better."
    TAMPERED = "The integrity check of the encryption failed: bytes were changed. Fetch it again, then call."
    NO_INTEGRITY_PROTECTION = "The encryption carries no integrity protection. Ask the provider to turn MDC or AEAD on."
    NO_DECRYPTION_KEY = "None of our keys can open it. Send the provider our current public key."
    MALFORMED_OPENPGP = "This is not a well-formed OpenPGP message. Check that the right file was sent."
    MULTIPLE_MESSAGES = "More than one message, or data after the end of it. Ask for one message in each file."
    NESTED_MESSAGE = "A message inside a message. Ask the provider to encrypt once."
    TRUNCATED = "The archive ends early. Fetch it again; if it stays short, ask for a new upload."
    ARCHIVE_UNSAFE = "The ZIP is unsafe to open (paths, links, sizes, overlaps). Do not open it by hand."
    ARCHIVE_MALFORMED = "The ZIP is damaged. Ask the provider to build it again."
    MEMBER_UNEXPECTED = "The ZIP does not hold exactly the one member the profile expects."
    LAYOUT_UNKNOWN = "The file does not follow the declared layout profile, or is of another version of it."
    LINES_MALFORMED = "A record does not read as its layout says. Nothing was taken from it; ask for a corrected file."
    CONTROL_TOTAL_MISMATCH = "Lines and trailer do not add up. Nothing was taken from it; ask for a corrected file."
    WRONG_MERCHANT = "The file is for another merchant. Tell the provider at once: it may hold someone else's data."
    WRONG_PERIOD = "The file is for another day than its name, or than the one asked for."

    @property
    def advice(self) -> str:
        """One sentence: what it means and what to do."""
        return self.value


class ArchiveNote(Enum):
    """Outcomes of an archive that are no rejection."""

    DUPLICATE = "The same bytes were admitted before; nothing was done."
    SUPERSEDED = "A later file for the same period and part replaced this one."


class LineType(StrEnum):
    """What a settlement line is."""

    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    REVERSAL = "REVERSAL"
    CHARGEBACK = "CHARGEBACK"
    CHARGEBACK_REVERSAL = "CHARGEBACK_REVERSAL"
    ADJUSTMENT = "ADJUSTMENT"
    FEE = "FEE"
    PAYOUT = "PAYOUT"
    ROUNDING = "ROUNDING"


RETURNS = (LineType.REFUND, LineType.REVERSAL, LineType.CHARGEBACK, LineType.CHARGEBACK_REVERSAL)
"""Lines that give money back, or win it back."""


class OrderStatus(StrEnum):
    """The merchant's own state of an order."""

    CREATED = "CREATED"
    PENDING = "PENDING"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"
    REVERSED = "REVERSED"


TAKEN_STATUSES = (OrderStatus.PAID, OrderStatus.REFUNDED, OrderStatus.REVERSED)
"""Money was taken for these orders, so a settlement is expected."""


class Outcome(Enum):
    """The one result of a line, or of an order without a line. The value is its meaning."""

    matched = "Line and order agree in every compared field."
    matched_with_variance = "The money agrees; something else (fee, tax, date, a second reference) differs."
    amount_mismatch = "One line, one order, different amounts, or another than its exchange comes to."
    currency_mismatch = "One line, one order, different currencies."
    status_mismatch = "The provider's state and the order's state contradict each other."
    duplicate = "Several lines claim one order, operation or return, or a line of an earlier day did."
    ambiguous = "References, orders or sums fit in more than one way; none is chosen."
    missing_in_orders = "A payment line without an order."
    missing_in_settlement = "A paid order past its due date without a line."
    pending = "A paid order that is not due yet."
    unlinked = "A refund, reversal or chargeback without its original payment."
    not_an_order = "A fee, payout, adjustment or rounding line: no order is expected."


CLEARED = (Outcome.matched, Outcome.matched_with_variance)
"""Outcomes that close an item for good: line and order are used up."""

NEUTRAL = (Outcome.pending, Outcome.not_an_order)
"""Outcomes that are neither cleared nor wrong."""

BREAKS = tuple(o for o in Outcome if o not in CLEARED + NEUTRAL)
"""Outcomes somebody has to look at."""

OPEN = (*BREAKS, Outcome.pending)
"""Outcomes whose items come up again on the next day."""


class ReasonCode(Enum):
    """What is wrong, or notable, on a row; a row keeps all of them. The value is its meaning."""

    AMOUNT_DIFFERS = "Amounts differ by more than the tolerance, or the money of a return goes the other way."
    AMOUNT_WITHIN_TOLERANCE = "Order amount and gross differ, within the source's tolerance."
    FX_DIFFERENCE = "Gross is not what was paid in the order's currency, at the line's rate or the nearest believed."
    CURRENCY_DIFFERS = "Order and line are in different currencies; amounts are not compared."
    STATUS_DIFFERS = "The order's state does not fit the line's type."
    FEE_DIFFERS = "The fee charged is not the contract's."
    CHANNEL_DIFFERS = "Order and line were paid at different places."
    TAX_DIFFERS = "The tax charged is not the contract's share of the fee."
    SETTLED_LATE = "The line came in a later settlement than the order was due in."
    REFERENCE_DIFFERS = "One reference agrees and another one does not."
    REFERENCE_CONFLICT = "The references of one line point at different orders."
    CLAIMED_BY_SEVERAL_LINES = "More than one line points at this order, or tells of this operation or return."
    ORDER_EDITED = "The order was changed after it had been cleared; got is what was cleared, or the state it has now."
    SETTLED_BEFORE = "A line of an earlier day cleared the order, told of the operation, or gave this money back."
    SEVERAL_ORDERS = "More than one order carries this reference."
    SETTLED_IN_PARTS = "Several lines pay this order together, by a pass the source declares; `got` names them."
    SETTLED_TOGETHER = "One line pays several orders together, by a pass the source declares; `got` names them."
    SEVERAL_SUMS_FIT = "More than one choice of lines or orders adds up to the amount; none is taken."
    ORDER_NOT_FOUND = "No order carries a reference of this line."
    NO_REFERENCE = "The line carries no reference at all."
    LINE_NOT_FOUND = "No line carries a reference of this order, and it is past due."
    NOT_YET_DUE = "No line yet, and none is due."
    ORIGINAL_NOT_FOUND = "The original payment is unknown."
    EXCEEDS_ORIGINAL = "More was given back than was paid, or won back than was charged back."


class Evidence(Enum):
    """Why an open order is suggested for an open line. The value is its meaning; none of it proves anything."""

    REFERENCE_SAME = "A reference of the line is one of the order's, up to case."
    REFERENCE_NEAR_ALONE = "One slip apart: a letter wrong, missing, extra or swapped with the next; none is so near."
    REFERENCE_NEAR = "One slip apart, as another open item is too."
    AMOUNT_SAME_ALONE = "The same amount, which no other open line or order of the currency has."
    AMOUNT_SAME = "The same amount, which others have too."
    AMOUNT_NEAR = "The amounts are within 1 % of the order's."
    TIME_NEAR = "Paid within three days of each other; got is the seconds between."


class CauseDimension(Enum):
    """What breaks may share. The value says of what; the order decides between two that explain alike."""

    archive = "The archive's file name, or its id for an archive of an earlier day: a part of the day."
    batch = "The provider's batch; '-' without one."
    channel = "Where it was paid; '-' for lines without a channel."
    fee_plan = "The plan of the fee contract that covers the payment."
    merchant = "The merchant of the order."
    line_type = "What the line is."
    currency = "The currency of the money at risk."
    hour = "The hour of the day in which it was paid, in the source's zone."


class CheckSeverity(StrEnum):
    """What a failed expectation does: critical closes the gate, warning is recorded and alerts."""

    CRITICAL = "critical"
    WARNING = "warning"


class BatchStatus(Enum):
    """How far a settlement batch agrees. The value is its meaning."""

    balanced = "Lines, payout and bank credit agree."
    payout_missing = "No payout line for the batch."
    payout_differs = "The payout line is not the sum of the batch's other lines."
    bank_pending = "No bank credit pays the batch yet, and there is still time for one."
    bank_missing = "No bank credit pays the batch, and the window of the source is over."
    bank_differs = "The bank credits that name the batch are not the payout."
    bank_ambiguous = "Bank credits fit the batch in several ways; none is chosen."


class BankMethod(Enum):
    """How bank credits were found to pay batches. The value is its meaning."""

    reference = "The credit's reference is the batch id or names it as a whole word, and the sums agree."
    amount = "The credit names no batch: amount, currency and value date fit this batch and no other."
    one_for_several = "One credit pays several batches, found by their sum, which no other choice of them has."
    several_for_one = "Several credits pay one batch, found by their sum, which no other choice of them has."


class BankReason(Enum):
    """Why a batch is not balanced at the bank, or is without a credit. The value is its meaning."""

    NOTHING_OWED = "The batch comes to nothing, so that no credit is expected."
    NOT_YET_CREDITED = "No credit fits so far."
    NOT_CREDITED = "No credit fits, and the window is over."
    SUM_DIFFERS = "The credits that name the batch do not come to what is owed."
    SEVERAL_FITS = "More than one credit, batch or group of them fits; the candidates are named."
    NAMES_CROSS = "Credits and batches name each other across, and the sums agree in no certain way."
    TOO_MANY_CANDIDATES = "There are more possible partners than are searched for groups, and no single one fits."
    TAKEN_BACK = "The credit had paid the batch, and a debit of its amount took it back: both are named."
    PAID_BEFORE = "The credit names a batch that was paid on an earlier day, or by other credits."


class DecisionKind(Enum):
    """What a person says of an item. The value is its meaning."""

    accept = "The break is explained and needs nothing more, for the reason given."
    write_off = "The money is given up."
    link = "The item belongs to the order or item named in `linked_to`."
    assign = "`assignee` looks after the item from now on."
    comment = "A remark; it changes nothing."
    approve = "A second person agrees with the decision in `refers_to`."
    void = "The decision in `refers_to` counts no more."


SETTLING = (DecisionKind.accept, DecisionKind.write_off, DecisionKind.link)
"""Decisions after which a break counts as unreconciled no more, as long as they stand."""


class BreakState(Enum):
    """Where an open break stands between people. The value is its meaning."""

    undecided = "Nobody has decided anything."
    waiting = "A decision waits for a second person."
    settled = "A decision stands: it is unreconciled no more."
    reopened = "It was decided, and has changed since: the decision was about something else."


class ReopeningCause(Enum):
    """Why an item that had been cleared is open again. The value is its meaning."""

    order_edited = "Its order was edited after it had been cleared."
    file_restated = "The archive that cleared it was replaced by another one, in which it is otherwise or missing."
    judged_anew = "Its day ran again on other orders, other earlier days or other rules."


class IncidentKind(Enum):
    """What may go wrong with a day, or with a source's keys. The value is the title of its run book."""

    archive_rejected = "An archive was refused"
    archive_missing = "No archive before the cut-off"
    gate_closed = "A critical expectation failed"
    check_warning = "An expectation failed as a warning"
    break_ratio = "Too many breaks"
    unreconciled_money = "Too much unreconciled money"
    batch_unpaid = "The bank has not paid a batch"
    batch_differs = "The bank paid a batch another sum than is owed"
    task_failed = "A task failed"
    deadline_missed = "Not successful by the deadline"
    key_custody = "A key needs attention"

    @property
    def page(self) -> str:
        """File name of the run book."""
        return "rotate_keys.md" if self is IncidentKind.key_custody else f"{self.name}.md"

    @property
    def runbook(self) -> str:
        """Path of the run book in the repository."""
        return f"docs/runbooks/{self.page}"


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    RECOVERED = "recovered"
