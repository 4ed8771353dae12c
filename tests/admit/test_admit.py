"""What admission checks beyond the message and the ZIP, and what it leaves on the disk."""

from __future__ import annotations

import hashlib
import os
from datetime import date, timedelta
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from tests.fixtures.openpgp import DAY, MEMBER, NAME, NOW, SIGNED_AT, csv_text, zipped

from cuadre.model.records import to_json
from cuadre.pipeline.admit import admit
from cuadre.trust.quarantine import quarantine

GOOD = zipped(csv_text())


@pytest.fixture
def archive(pgp_keys, tmp_path):
    path = tmp_path / NAME
    path.write_bytes(pgp_keys.seal(GOOD))
    return path


@pytest.fixture
def admitted(archive, source, pgp_keys, tmp_path):
    """Admit the good archive into `out`."""

    def run(**more):
        return admit(archive, source, keyring=pgp_keys.ours.home, out=tmp_path / "lake" / "out", now=NOW, **more)

    return run


def _left(tmp_path) -> list[str]:
    return sorted(path.relative_to(tmp_path / "lake").as_posix() for path in (tmp_path / "lake").rglob("*"))


def test_the_record_says_what_was_admitted(admitted, archive, pgp_keys) -> None:
    record = admitted()
    assert to_json(record) == {
        "verdict": "admitted",
        "reason": None,
        "detail": None,
        "archive_id": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "bytes": archive.stat().st_size,
        "shape": "signed_then_encrypted",
        "signer": pgp_keys.fingerprints["sender"],
        "signed_at": SIGNED_AT.isoformat().replace("+00:00", "Z"),
        "members": [MEMBER],
        "lines": 3,
        "quarantined": 0,
        "totals": {
            "PEN": {"count": 3, "gross": "300.000000", "fee": "11.970000", "tax": "2.160000", "net": "285.870000"}
        },
    }


def test_a_refusal_after_typing_says_how_many_lines_were_held_back(admitting, pgp_keys) -> None:
    admission = admitting(pgp_keys.seal(zipped(csv_text().replace("300.00", "300.01"))))
    assert (admission.reason, admission.lines, admission.quarantined) == ("CONTROL_TOTAL_MISMATCH", 0, 3)
    assert admission.totals["PEN"].gross == Decimal(300)


def test_a_rerun_replaces_its_files_with_the_same_bytes(admitted, tmp_path) -> None:
    admitted()
    out = tmp_path / "lake" / "out"
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    (out / "lines-007.parquet").write_bytes(b"of an earlier run")
    (out / "notes.txt").write_text("not ours")
    admitted()
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.suffix == ".parquet"} == before
    assert (out / "notes.txt").exists()


def test_a_refused_rerun_leaves_what_was_admitted_before(admitted, source, tmp_path) -> None:
    admitted()
    assert admitted(settlement_date=date(2026, 3, 5)).reason == "WRONG_PERIOD"
    assert _left(tmp_path) == ["out", "out/lines-000.parquet"]


def test_the_files_are_private(admitted, tmp_path) -> None:
    admitted()
    assert (tmp_path / "lake" / "out" / "lines-000.parquet").stat().st_mode & 0o777 == 0o600


def test_a_fault_of_ours_leaves_nothing_behind(admitted, tmp_path) -> None:
    with pytest.raises(ZeroDivisionError):
        admitted(progress=lambda read: 1 / 0)
    assert _left(tmp_path) == []


def test_what_a_crash_left_is_swept_and_what_is_in_work_is_not(admitted, tmp_path) -> None:
    out = tmp_path / "lake" / "out"
    with quarantine(out) as at_work:
        (at_work / "lines-000.parquet").write_bytes(b"half")
        crashed = out.parent / ".out.quarantine-crashed"
        crashed.mkdir()
        (crashed / "lines-000.parquet").write_bytes(b"half")
        admitted()
        assert not crashed.exists()
        assert (at_work / "lines-000.parquet").exists()
    assert _left(tmp_path) == ["out", "out/lines-000.parquet"]


def test_a_quarantine_is_private_and_beside_its_target(tmp_path) -> None:
    with quarantine(tmp_path / "out") as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.stat().st_uid == os.getuid()


def test_a_quarantine_may_lie_inside_another(tmp_path) -> None:
    with quarantine(tmp_path / "out") as outer, quarantine(outer / "step") as inner:
        assert inner.parent == outer
    assert not list(tmp_path.iterdir())


def test_progress_counts_ciphertext_bytes(admitted, archive) -> None:
    seen: list[int] = []
    admitted(progress=seen.append)
    assert seen
    assert seen[-1] == archive.stat().st_size


def test_an_empty_day_is_admitted(admitting, pgp_keys, tmp_path) -> None:
    head = "".join(csv_text().splitlines(keepends=True)[:2])
    admission = admitting(pgp_keys.seal(zipped(head + "TRAILER,PEN,0,0.00,0.00,0.00,0.00\n")))
    assert (admission.verdict, admission.lines) == ("admitted", 0)
    assert pq.read_table(tmp_path / "lake" / "out" / "lines-000.parquet").num_rows == 0


def test_the_day_asked_for_is_the_day_of_the_file(admitting, pgp_keys) -> None:
    message = pgp_keys.seal(GOOD)
    assert admitting(message, settlement_date=DAY).verdict == "admitted"


def test_a_day_after_the_signer_s_last_was_dated_back(admitting, pgp_keys, source) -> None:
    line = pgp_keys.line("sender", retired=date(2026, 3, 3))
    given_up = source.model_copy(update={"trust": pgp_keys.trust(keys=(line,))})
    signed = pgp_keys.seal(GOOD, at=SIGNED_AT - timedelta(days=5))
    assert admitting(signed, source=given_up).reason == "SIGNER_EXPIRED"
    outdated = pgp_keys.seal(GOOD, by="outdated", at=SIGNED_AT - timedelta(days=40))
    assert admitting(outdated, source=source).reason == "SIGNER_EXPIRED"
    earlier = zipped(csv_text(day="2026-03-03", following="2026-03-04"), MEMBER.replace("0304", "0303"))
    on_its_last_day = pgp_keys.seal(earlier, at=SIGNED_AT - timedelta(days=2))
    assert admitting(on_its_last_day, source=given_up, name="kept").verdict == "admitted"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pe_settlement_30145_20260305_01of01", "WRONG_PERIOD"),
        ("pe_settlement_30145_20260304_02of02", "WRONG_PERIOD"),
        ("pe_settlement_30145_20260304_01of02", "WRONG_PERIOD"),
        ("pe_settlement_99999_20260304_01of01", "WRONG_MERCHANT"),
        ("something_else", None),
    ],
)
def test_name_and_member_agree_with_the_header_when_they_follow_the_pattern(name, reason, admitting, pgp_keys) -> None:
    message = pgp_keys.seal(zipped(csv_text(), name + ".csv"))
    assert admitting(message, name=name + ".zip.pgp").reason == reason


def test_an_archive_kept_under_its_content_address_is_judged_by_its_member(admitting, pgp_keys) -> None:
    kept = "ab" * 32
    other_day = zipped(csv_text(), MEMBER.replace("0304", "0305"))
    assert admitting(pgp_keys.seal(other_day), name=kept).reason == "WRONG_PERIOD"
    assert admitting(pgp_keys.seal(GOOD), name=kept).verdict == "admitted"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (csv_text().replace("30145", "30146", 1), "WRONG_MERCHANT"),
        (csv_text().replace("efectivo/1", "efectivo/2"), "LAYOUT_UNKNOWN"),
        (csv_text().replace("PAYMENT", "SECRET-PAYLOAD", 1), "LINES_MALFORMED"),
        (csv_text().replace("100.00", "12.SECRET", 1), "LINES_MALFORMED"),
    ],
)
def test_a_refused_file_is_not_quoted_in_its_record(text, reason, admitting, pgp_keys) -> None:
    admission = admitting(pgp_keys.seal(zipped(text)))
    assert admission.reason == reason
    assert "SECRET" not in str(admission)
