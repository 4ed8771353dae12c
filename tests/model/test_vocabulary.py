"""The shared vocabulary: the published contract, letter by letter, and records that survive JSON."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from pydantic import ValidationError

from cuadre.model.arrow import arrow_schema
from cuadre.model.codes import (
    BREAKS,
    CLEARED,
    NEUTRAL,
    IncidentKind,
    LineType,
    OrderStatus,
    Outcome,
    ReasonCode,
    RejectionReason,
    Verdict,
)
from cuadre.model.columns import CANONICAL, LINES, MARTS, ORDERS, OUTCOMES, Table
from cuadre.model.errors import ArchiveRejected
from cuadre.model.records import Admission, Finding, Totals, from_json, to_json

CONTRACT = {
    LINES: "source archive_id line_no settlement_date batch_id line_type psp_reference operation_reference"
    " merchant_reference original_reference currency gross fee tax net occurred_at channel",
    ORDERS: "order_id psp_reference currency amount status created_at paid_at due_at updated_at merchant",
    OUTCOMES: "source settlement_date outcome reasons archive_id line_no line_type order_id currency expected got delta"
    " pass first_seen age_days item_id",
}


@pytest.mark.parametrize("table", CONTRACT, ids=lambda table: table.name)
def test_canonical_columns_are_the_published_ones(table: Table) -> None:
    assert " ".join(column.name for column in table.required) == CONTRACT[table]


def test_optional_columns_stand_last_and_may_be_null() -> None:
    for table in CANONICAL:
        assert table.columns[: len(table.required)] == table.required
        assert all(column.nullable for column in table.columns[len(table.required) :])


def test_outcome_line_type_and_status_codes_are_the_published_ones() -> None:
    assert [outcome.name for outcome in Outcome] == [
        "matched", "matched_with_variance", "amount_mismatch", "currency_mismatch", "status_mismatch", "duplicate",
        "ambiguous", "missing_in_orders", "missing_in_settlement", "pending", "unlinked", "not_an_order",
    ]  # fmt: skip
    assert [kind.value for kind in LineType] == [
        "PAYMENT", "REFUND", "REVERSAL", "CHARGEBACK", "CHARGEBACK_REVERSAL", "ADJUSTMENT", "FEE", "PAYOUT", "ROUNDING",
    ]  # fmt: skip
    assert [status.value for status in OrderStatus] == [
        "CREATED", "PENDING", "PAID", "EXPIRED", "CANCELLED", "REFUNDED", "REVERSED",
    ]  # fmt: skip


def test_rejection_codes_are_the_published_ones_each_with_advice() -> None:
    assert {reason.name for reason in RejectionReason} == {
        "UNSIGNED",
        "NOT_ENCRYPTED",
        "BAD_SIGNATURE",
        "UNKNOWN_SIGNER",
        "SIGNER_NOT_ALLOWED",
        "SIGNER_EXPIRED",
        "SIGNER_REVOKED",
        "SIGNATURE_EXPIRED",
        "SIGNATURE_FROM_FUTURE",
        "WEAK_ALGORITHM",
        "TAMPERED",
        "NO_INTEGRITY_PROTECTION",
        "NO_DECRYPTION_KEY",
        "MALFORMED_OPENPGP",
        "MULTIPLE_MESSAGES",
        "NESTED_MESSAGE",
        "TRUNCATED",
        "ARCHIVE_UNSAFE",
        "ARCHIVE_MALFORMED",
        "MEMBER_UNEXPECTED",
        "LAYOUT_UNKNOWN",
        "LINES_MALFORMED",
        "CONTROL_TOTAL_MISMATCH",
        "WRONG_MERCHANT",
        "WRONG_PERIOD",
    }
    assert all(len(reason.advice) > 30 for reason in RejectionReason)


@pytest.mark.parametrize("codes", [RejectionReason, Outcome, ReasonCode, IncidentKind])
def test_no_two_codes_share_a_meaning(codes: type) -> None:
    # An enum makes an alias of a member whose value was there before: the code would silently disappear.
    assert len(codes.__members__) == len(list(codes))


def test_every_outcome_is_cleared_neutral_or_a_break() -> None:
    assert sorted((*CLEARED, *NEUTRAL, *BREAKS), key=lambda o: o.name) == sorted(Outcome, key=lambda o: o.name)


@pytest.mark.parametrize("table", [*CANONICAL, *MARTS], ids=lambda table: table.name)
def test_every_table_has_a_key_among_its_columns_and_a_sentence_for_each(table: Table) -> None:
    names = table.names
    assert set(table.key) <= set(names)
    assert len(set(names)) == len(names)
    assert all(column.doc.endswith((".", "codes.")) for column in table.columns)
    assert arrow_schema(table, names).names == list(names)
    assert arrow_schema(table).names == [column.name for column in table.required]


@pytest.mark.parametrize("table", CANONICAL, ids=lambda table: table.name)
def test_money_is_never_a_float(table: Table) -> None:
    kinds = [field.type for field in arrow_schema(table, table.names)]
    assert not any(pa.types.is_floating(kind) for kind in kinds)


def test_a_record_survives_json_to_the_last_digit() -> None:
    totals = {"PEN": Totals(2, Decimal("0.10"), Decimal("0.000001"), Decimal(0), Decimal("0.099999"))}
    moment = datetime(2026, 3, 5, 8, tzinfo=UTC)
    record = Admission(
        Verdict.ADMITTED, None, None, "ab" * 32, 10, "signed_then_encrypted", "F" * 40, moment, ("a",), 2, 0, totals
    )
    assert from_json(Admission, to_json(record)) == record
    assert to_json(record)["totals"]["PEN"]["fee"] == "0.000001"


def test_an_incident_kind_is_written_as_its_code() -> None:
    finding = Finding(IncidentKind.archive_missing, "nothing came", money={"PEN": Decimal("1.20")})
    assert to_json(finding)["kind"] == "archive_missing"
    assert from_json(Finding, to_json(finding)) == finding


def test_a_record_with_a_foreign_value_is_refused() -> None:
    with pytest.raises(ValidationError):
        from_json(Finding, {"kind": "archive_missing", "cause": "x", "count": "many"})


def test_a_refusal_crosses_a_process_boundary_whole() -> None:
    refusal = pickle.loads(pickle.dumps(ArchiveRejected(RejectionReason.TAMPERED, "seen")))
    assert (refusal.reason, refusal.detail, str(refusal)) == (RejectionReason.TAMPERED, "seen", "TAMPERED: seen")
