"""Publishing a day: what the marts say afterwards, and what a second publication does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from cuadre.config import Source
from cuadre.model.codes import Verdict
from cuadre.model.errors import ConfigurationError, ControlSumMismatch, WarehouseUnavailable
from cuadre.pipeline.publish import publish, record_admissions, record_checks
from tests.marts.conftest import Reader
from tests.marts.days import ARCHIVE, DAY, LATER, NOON, admitted, checked, judged, line, plain


def _dump(read: Reader) -> dict[str, list[dict]]:
    marts = ("recon_line", "recon_break", "recon_daily", "settlement_batch", "bank_match", "payout_bridge", "fee_audit")
    return {
        mart: read(f"SELECT * FROM recon.{mart} ORDER BY 1, 2, 3, 4")
        for mart in (*marts, "archive_admission", "check_result", "break_cause", "recon_suggestion", "run_receipt")
    }


def test_a_published_day_is_in_every_mart(warehouse_url: str, source: Source, read: Reader, tmp_path: Path) -> None:
    done = publish(plain().write(tmp_path), source, url=warehouse_url, now=NOON)

    assert done.changed
    assert done.rows == {
        "recon_line": 5,
        "recon_break": 2,
        "recon_daily": 2,
        "settlement_batch": 1,
        "bank_match": 1,
        "payout_bridge": 13,
        "fee_audit": 1,
        "archive_admission": 1,
        "check_result": 1,
        "break_cause": 0,
        "recon_suggestion": 0,
    }
    assert {mart: len(rows) for mart, rows in _dump(read).items()} == done.rows | {"run_receipt": 1}
    receipt = read("SELECT * FROM recon.run_receipt")[0]
    assert (receipt["lines"], receipt["items"], receipt["archives"]) == (4, 5, 1)
    assert (receipt["mart_hash"], receipt["published_at"]) == (done.mart_hash, NOON)


def test_a_line_keeps_its_columns_and_all_its_reasons_exactly(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    publish(plain().write(tmp_path), source, url=warehouse_url, now=NOON)

    row = read("SELECT * FROM recon.recon_line WHERE item_id = 'item-3'")[0]
    assert (row["outcome"], row["got"], row["expected"], row["delta"]) == (
        "amount_mismatch",
        Decimal(90),
        Decimal(100),
        Decimal(-10),
    )
    assert (row["psp_reference"], row["line_type"], row["fee"]) == ("CIP3", "PAYMENT", Decimal("3.99"))
    assert row["reasons"] == [
        {"code": "AMOUNT_DIFFERS", "field": "gross", "expected": "100", "got": "90", "delta": "-10.000000"}
    ]
    assert row["known_from"] == NOON


def test_text_with_quotes_commas_line_breaks_and_empty_text_survives(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    texts = ['a,"b"', "c\nd\te", "\\N", "ñandú ¡sí!", ""]
    lines = tuple(line(no, operation_reference=text) for no, text in enumerate(texts, start=1))
    story = plain().but(lines=lines, outcomes=tuple(judged(each) for each in lines))
    publish(story.write(tmp_path), source, url=warehouse_url, now=NOON)

    kept = read("SELECT operation_reference FROM recon.recon_line ORDER BY line_no")
    assert [row["operation_reference"] for row in kept] == texts


def test_publishing_again_touches_nothing(warehouse_url: str, source: Source, read: Reader, tmp_path: Path) -> None:
    first = publish(plain().write(tmp_path / "1"), source, url=warehouse_url, now=NOON)
    before = _dump(read)
    again = publish(plain().write(tmp_path / "2"), source, url=warehouse_url, now=LATER)

    assert not again.changed
    assert (again.mart_hash, again.published_at) == (first.mart_hash, NOON)
    assert _dump(read) == before


def test_a_changed_day_replaces_what_changed_and_remembers_what_was_believed(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    story = plain()
    publish(story.write(tmp_path / "1"), source, url=warehouse_url, now=NOON)
    corrected = (judged(story.lines[2]), *(row for row in story.outcomes if row["outcome"] != "amount_mismatch"))
    done = publish(story.but(outcomes=corrected).write(tmp_path / "2"), source, url=warehouse_url, now=LATER)

    assert done.changed
    assert len(read("SELECT * FROM recon.recon_line")) == 5
    history = read(
        "SELECT outcome, known_from, known_to FROM recon.recon_line_history "
        "WHERE item_id = 'item-3' ORDER BY known_from"
    )
    assert [tuple(row.values()) for row in history] == [("amount_mismatch", NOON, LATER), ("matched", LATER, None)]
    untouched = read("SELECT known_from FROM recon.recon_line WHERE item_id = 'item-1'")
    assert untouched == [{"known_from": NOON}]
    assert [row["item_id"] for row in read("SELECT item_id FROM recon.recon_break")] == ["item-ORDER9"]


def test_a_row_altered_by_hand_is_put_right_by_the_next_run(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    publish(plain().write(tmp_path), source, url=warehouse_url, now=NOON)
    right = [{**row, "known_from": None} for row in _dump(read)["recon_line"]]
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("UPDATE recon.recon_line_history SET got = 1 WHERE item_id = 'item-1'")
        connection.execute("DELETE FROM recon.recon_daily_history")
    done = publish(plain().write(tmp_path), source, url=warehouse_url, now=LATER)

    assert done.changed
    assert [{**row, "known_from": None} for row in _dump(read)["recon_line"]] == right
    assert len(_dump(read)["recon_daily"]) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE recon.recon_line_history SET net = net + 0.000001 WHERE item_id = 'item-2'",
        "DELETE FROM recon.recon_break_history WHERE item_id = 'item-3'",
        "UPDATE recon.settlement_batch_history SET net = net + 1",
        "UPDATE recon.fee_audit_history SET deviating = deviating + 1",
        "DELETE FROM recon.check_result_history",
    ],
)
def test_a_row_of_any_mart_altered_by_hand_is_noticed_though_no_file_changed(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path, change: str
) -> None:
    day = plain().write(tmp_path)
    first = publish(day, source, url=warehouse_url, now=NOON)
    with psycopg.connect(warehouse_url) as connection:
        connection.execute(change.encode())
    done = publish(day, source, url=warehouse_url, now=LATER)

    assert (done.changed, done.published_at, done.control_sums) == (True, LATER, first.control_sums)
    again = publish(day, source, url=warehouse_url, now=LATER)
    assert (again.changed, again.control_sums, again.rows) == (False, first.control_sums, first.rows)


def test_the_order_of_archives_and_when_they_were_seen_make_no_other_day(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    both = (admitted(), admitted("b" * 64, lines=0))
    publish(plain().but(admissions=both).write(tmp_path / "1"), source, url=warehouse_url, now=NOON)
    (seal,) = read("SELECT seal FROM recon.run_receipt")
    later = tuple(replace(row, seen_at=LATER) for row in reversed(both))
    again = publish(plain().but(admissions=later).write(tmp_path / "2"), source, url=warehouse_url, now=LATER)

    assert (again.changed, again.rows["archive_admission"]) == (False, 2)
    assert read("SELECT seal FROM recon.run_receipt") == [seal]


def test_the_same_files_under_another_fee_contract_are_another_day(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    day = plain().write(tmp_path)
    publish(day, source, url=warehouse_url, now=NOON)
    dearer = source.model_copy(
        update={"fees": tuple(plan.model_copy(update={"percent": Decimal(9)}) for plan in source.fees)}
    )
    assert publish(day, dearer, url=warehouse_url, now=LATER).changed
    assert read("SELECT deviating FROM recon.fee_audit") == [{"deviating": 3}]


def test_beliefs_follow_each_other_even_when_the_clock_goes_back(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    publish(plain().write(tmp_path / "1"), source, url=warehouse_url, now=LATER)
    publish(plain().but(outcomes=plain().outcomes[:4]).write(tmp_path / "2"), source, url=warehouse_url, now=NOON)

    assert read("SELECT * FROM recon.recon_line_history WHERE known_to <= known_from") == []
    assert len(read("SELECT * FROM recon.recon_line")) == 4


def test_a_source_may_keep_exceptions_only(warehouse_url: str, source: Source, read: Reader, tmp_path: Path) -> None:
    only = source.model_copy(update={"publish": "exceptions"})
    publish(plain().write(tmp_path), only, url=warehouse_url, now=NOON)

    kept = read("SELECT outcome FROM recon.recon_line ORDER BY 1")
    assert [row["outcome"] for row in kept] == ["amount_mismatch", "missing_in_settlement"]
    assert read("SELECT items FROM recon.recon_daily WHERE currency = 'PEN'") == [{"items": 5}]


def test_a_day_without_lines_is_published_too(warehouse_url: str, source: Source, read: Reader, tmp_path: Path) -> None:
    empty = plain().but(lines=(), outcomes=(), credits=())
    publish(empty.write(tmp_path), source, url=warehouse_url, now=NOON)

    daily = read("SELECT currency, lines, match_rate_count FROM recon.recon_daily ORDER BY 1")
    assert daily == [
        {"currency": "PEN", "lines": 0, "match_rate_count": None},
        {"currency": "USD", "lines": 0, "match_rate_count": None},
    ]


def test_what_does_not_survive_the_trip_is_rolled_back(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    with psycopg.connect(warehouse_url) as connection:
        connection.execute(
            "CREATE FUNCTION recon.shave() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN NEW.got := NEW.got - 0.000001; RETURN NEW; END'"
        )
        connection.execute(
            "CREATE TRIGGER shave BEFORE INSERT ON recon.recon_line_history FOR EACH ROW EXECUTE FUNCTION recon.shave()"
        )
    with pytest.raises(ControlSumMismatch, match="recon_line does not add up"):
        publish(plain().write(tmp_path), source, url=warehouse_url, now=NOON)

    assert all(rows == [] for rows in _dump(read).values())


def test_a_refused_archive_is_recorded_though_nothing_is_published(
    warehouse_url: str, source: Source, read: Reader, tmp_path: Path
) -> None:
    refused = admitted("b" * 64, verdict=Verdict.REJECTED, reason="TAMPERED", detail="Fetch it again.", lines=0)
    assert record_admissions((refused,), source, DAY, url=warehouse_url, now=NOON)
    assert not record_admissions((refused,), source, DAY, url=warehouse_url, now=LATER)
    assert read("SELECT reason FROM recon.archive_admission") == [{"reason": "TAMPERED"}]
    assert read("SELECT * FROM recon.recon_daily") == []

    publish(plain().write(tmp_path), source, url=warehouse_url, now=LATER)
    archives = read("SELECT archive_id, verdict FROM recon.archive_admission ORDER BY 1")
    assert [tuple(row.values()) for row in archives] == [(ARCHIVE, "admitted"), ("b" * 64, "rejected")]


def test_failed_checks_of_a_closed_gate_are_recorded(warehouse_url: str, source: Source, read: Reader) -> None:
    assert record_checks(checked(success=False), source, url=warehouse_url, now=NOON)
    assert read("SELECT success FROM recon.check_result") == [{"success": False}]
    assert record_checks(checked(), source, url=warehouse_url, now=LATER)
    assert read("SELECT success FROM recon.check_result") == [{"success": True}]


def test_without_the_schema_it_says_to_migrate(database_url: str, source: Source, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Migrate"):
        publish(plain().write(tmp_path), source, url=database_url, now=NOON)


def test_a_warehouse_that_is_away_is_a_transient_error(source: Source, tmp_path: Path) -> None:
    url = f"postgresql://cuadre:s3cret@/warehouse?host={tmp_path}"
    with pytest.raises(WarehouseUnavailable) as raised:
        publish(plain().write(tmp_path / "day"), source, url=url, now=datetime(2026, 3, 5, tzinfo=UTC))
    assert "s3cret" not in str(raised.value)
