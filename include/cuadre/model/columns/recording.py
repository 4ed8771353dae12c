"""Marts of what is on record of a day's run: its archives, checks, incidents and receipt."""

from __future__ import annotations

from cuadre.model.columns.canonical import ARCHIVE_ID, SETTLEMENT_DATE, SOURCE
from cuadre.model.columns.declaring import (
    Column,
    Kind,
    Table,
    count,
    instant,
    instant_or_null,
    text,
    text_or_null,
)

REOPENING = Table(
    "reopening",
    "one time that an item which had been cleared came open again",
    ("source", "item_id", "settlement_date", "reopened_at"),
    (
        SOURCE,
        text("item_id", "The item, as in `recon_break`."),
        Column("settlement_date", Kind.DATE, "The settlement day whose publication opened it again."),
        instant("reopened_at", "When that was; `known_from` of the break."),
        text("cause", "The ReopeningCause code."),
        text_or_null("cleared_as", "Outcome it had been cleared with; NULL when the warehouse does not hold it."),
        text_or_null("archive_id", "Archive of the line that had cleared it; NULL likewise."),
        text_or_null("replaced_by", "For file_restated: the archives that took its place, comma separated."),
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
        text_or_null("reason", "RejectionReason or ArchiveNote code; NULL when plainly admitted."),
        text_or_null("detail", "What was seen and what to do."),
        count("bytes", "Bytes of ciphertext."),
        text("shape", "How the message is built, as the source declares it."),
        text_or_null("signer", "Primary fingerprint of the signer, when one was proven."),
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
        text_or_null("money", "Money at risk, such as 'PEN 1,204.50'; NULL when unknown."),
        text_or_null("keys", "First few item ids or codes, comma separated."),
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
