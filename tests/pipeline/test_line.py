"""The line of a settlement day, on real parts: archives, GnuPG, store, journal and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
import yaml

from cuadre.cli.picture import draw
from cuadre.model.codes import IncidentKind, RejectionReason
from cuadre.model.errors import ArchiveMissing, ArchiveRejected, StoreDamaged
from cuadre.pipeline import alarms, line
from cuadre.pipeline.explain import explain
from cuadre.pipeline.keeping import lines_of
from cuadre.pipeline.lake import file_record
from cuadre.pipeline.trouble import finding_of
from cuadre.sandbox.archive import SandboxDay
from tests.fixtures.asked import asked
from tests.pipeline.conftest import House

Build = Callable[[SandboxDay], House]
Make = Callable[..., SandboxDay]

OUTCOMES = "SELECT archive_id, line_no, order_id, outcome FROM '{}' ORDER BY ALL"


def truth_of(made: SandboxDay) -> list[tuple[object, ...]]:
    return asked(OUTCOMES.format(made.answers))


def found_by(here: House, done: dict) -> list[tuple[object, ...]]:
    return asked(OUTCOMES.format(here.lake.store.get(done["reconciled"]["files"]["outcomes"]["key"])))


def test_a_day_comes_out_as_planted_and_a_second_run_changes_nothing(house: Build, sandbox_day: Make) -> None:
    made = sandbox_day(300, breaks=0.05, parts=2)
    here = house(made)
    here.receive(made)
    done = here.run(made.day)
    assert found_by(here, done) == truth_of(made)
    assert done["publication"]["changed"] is True
    kept = {key: here.lake.store.read(key) for key in here.lake.store.list("")}
    again = here.run(made.day, now=here.now(made.day) + timedelta(hours=1))
    assert again["publication"] == done["publication"] | {"changed": False}
    assert {record["note"] for record in again["admissions"]} == {"DUPLICATE"}
    assert {key: here.lake.store.read(key) for key in kept} == kept
    steps = [entry["step"] for entry in here.work.journal.records()]
    assert steps == ["wait", "fetch", "admit", "admit", "check", "reconcile", "publish", "receipt", "alert"] * 2
    assert here.work.journal.verify().seq == len(steps)


def test_the_next_day_inherits_open_items_and_orders_that_are_used_up(house: Build, sandbox_day: Make) -> None:
    first = sandbox_day(300, breaks=0.05)
    second = sandbox_day(300, seed=2, breaks=0.05, day=first.day + timedelta(days=1), previous=first)
    here = house(first)
    here.receive(first)
    one = here.run(first.day)
    here.receive(second)
    two = here.run(second.day)
    assert two["reconciled"]["open_items_before"] == one["reconciled"]["files"]["open_items"]
    before = here.lake.store.get(one["reconciled"]["files"]["outcomes"]["key"])
    used_up = "SELECT order_id, archive_id, line_no, settlement_date, line_type"
    cleared = "line_type = 'PAYMENT' AND outcome LIKE 'matched%'"
    payments = asked(f"{used_up} FROM '{before}' WHERE {cleared} ORDER BY ALL")
    assert payments == asked(f"{used_up} FROM '{second.claims}' ORDER BY ALL")
    said = "SELECT archive_id, line_no, psp_reference, operation_reference, occurred_at FROM"
    lines = [str(path) for path in lines_of(here.lake, one["admissions"])]
    told = asked(f"{said} '{before}' WHERE archive_id IS NOT NULL ORDER BY ALL")
    assert told == asked(f"{said} read_parquet({lines}) ORDER BY ALL")


def test_a_refused_archive_leaves_records_and_an_incident_and_a_good_one_recovers_it(
    house: Build, sandbox_day: Make
) -> None:
    bad = sandbox_day(300, faults=("tampered",))
    here = house(bad)
    here.receive(bad)
    with pytest.raises(ArchiveRejected, match="TAMPERED") as refusal:
        here.run(bad.day)
    changes = alarms.alarm(here.work, here.source, bad.day, finding_of("admit", refusal.value), now=here.now(bad.day))
    assert [(change["what"], change["recorded"]) for change in changes] == [("opened", True)]
    assert here.rows("SELECT verdict, reason FROM recon.archive_admission") == [("rejected", "TAMPERED")]
    assert here.rows("SELECT count(*) FROM recon.recon_line") == [(0,)]
    assert [key for key in here.lake.store.list("lake/") if key.endswith(".parquet")] == []
    assert [entry["outcome"] for entry in here.work.journal.records()] == ["ok", "ok", "refused", "ok"]

    good = sandbox_day(300)
    fixed = house_again(here, good)
    done = fixed.run(good.day, now=here.now(good.day) + timedelta(hours=1))
    assert done["publication"]["rows"]["recon_daily"] > 0
    assert here.rows("SELECT kind, state FROM recon.incident WHERE kind = 'archive_rejected'") == [
        (IncidentKind.archive_rejected.name, "recovered")
    ]


def house_again(here: House, made: SandboxDay) -> House:
    """The provider delivers again, from another key pair that the source file now names."""
    import yaml

    data, trusted = (yaml.safe_load(path.read_text()) for path in (here.source_file, made.source))
    data["trust"] = trusted["trust"]
    here.source_file.write_text(yaml.safe_dump(data))
    here.receive(made)
    return here


def test_lines_of_a_superseded_archive_do_not_count_and_what_it_cleared_is_open_again_by_that(
    house: Build, sandbox_day: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = sandbox_day(300), sandbox_day(320, seed=9)
    here = house(old)
    here.receive(old)
    here.run(old.day)
    here.receive(new)
    done = here.run(new.day, now=here.now(new.day) + timedelta(hours=1))
    assert done["reconciled"]["report"]["lines"] == new.lines
    assert here.rows("SELECT count(DISTINCT archive_id) FROM recon.recon_line WHERE archive_id IS NOT NULL") == [(1,)]
    seen = here.rows("SELECT archive_id, reason FROM recon.archive_admission ORDER BY reason NULLS LAST")
    assert seen == [(old.archive_ids[0], "SUPERSEDED"), (new.archive_ids[0], None)]
    assert here.rows("SELECT DISTINCT cause, archive_id, replaced_by FROM recon.reopening") == [
        ("file_restated", old.archive_ids[0], new.archive_ids[0])
    ]
    lost = "SELECT order_id FROM recon.open_break WHERE reopened_by = 'file_restated' AND outcome = '{}' ORDER BY 1"
    (order, *_) = here.rows(lost.format("missing_in_settlement"))[0]
    draw(explain(here.work, here.source, str(order), warehouse=here.warehouse))
    shown = capsys.readouterr().out
    told = ("open again", "file_restated", "matched", old.archive_ids[0][:12], new.archive_ids[0][:12])
    assert [each for each in told if each not in shown] == []


def test_lines_altered_in_the_store_are_not_believed_but_made_again_from_the_archive(
    house: Build, sandbox_day: Make
) -> None:
    made = sandbox_day(300)
    here = house(made)
    here.receive(made)
    done = here.run(made.day)
    lines = here.lake.store.get(done["admissions"][0]["lines"][0]["key"])
    genuine = lines.read_bytes()
    pq.write_table(pq.read_table(lines).slice(100), lines)
    day, admissions, now = (here.work, here.source, made.day), done["admissions"], here.now(made.day)
    with pytest.raises(StoreDamaged, match="is not what was put there"):
        line.check_day(*day, admissions, now=now)
    with pytest.raises(StoreDamaged, match="is not what was put there"):
        line.reconcile_day(*day, admissions, now=now)
    with pytest.raises(StoreDamaged, match="is not what was put there"):
        line.publish_day(*day, admissions, done["checked"], done["reconciled"], now=now)
    again = here.run(made.day)
    assert (again["publication"]["changed"], lines.read_bytes() == genuine) == (False, True)


def test_an_admission_forged_in_the_store_is_not_believed(house: Build, sandbox_day: Make) -> None:
    made = sandbox_day(300)
    here = house(made)
    here.receive(made)
    done = here.run(made.day)
    record = here.lake.read(place := here.lake.admission(made.day, done["admissions"][0]["archive"]["archive_id"]))
    forged = record["lines"][0]
    pq.write_table(pq.read_table(lines := here.lake.store.get(forged["key"])).slice(100), lines)
    here.lake.write(place, record | {"lines": [file_record(forged["key"], lines), *record["lines"][1:]]})
    again = here.run(made.day)
    assert again["admissions"][0] | {"seen_at": record["seen_at"]} == record
    assert again["publication"]["changed"] is False


def test_an_archive_whose_signer_turns_out_compromised_is_refused_when_its_day_runs_again(
    house: Build, sandbox_day: Make
) -> None:
    made = sandbox_day(300)
    here = house(made)
    here.receive(made)
    here.run(made.day)
    data = yaml.safe_load(here.source_file.read_text())
    next(key for key in data["trust"]["keys"] if key["role"] == "signer")["compromised"] = True
    here.source_file.write_text(yaml.safe_dump(data))
    with pytest.raises(ArchiveRejected) as refusal:
        here.run(made.day)
    assert refusal.value.reason is RejectionReason.SIGNER_REVOKED


@pytest.mark.parametrize("name", ["outcomes", "open_items", "bank_credits"])
def test_results_altered_in_the_store_are_not_published(house: Build, sandbox_day: Make, name: str) -> None:
    made = sandbox_day(300, breaks=0.05)
    here = house(made)
    here.receive(made)
    done = here.run(made.day)
    file = here.lake.store.get(done["reconciled"]["files"][name]["key"])
    file.chmod(0o600)
    pq.write_table(pq.read_table(file).slice(1), file)
    day, results = (here.work, here.source, made.day), (done["admissions"], done["checked"], done["reconciled"])
    with pytest.raises(StoreDamaged, match=name):
        line.publish_day(*day, *results, now=here.now(made.day))


def test_an_archive_altered_in_the_store_is_damage_and_no_refusal(house: Build, sandbox_day: Make) -> None:
    made = sandbox_day(300)
    here = house(made)
    here.receive(made)
    (archive,) = line.fetch_day(here.work, here.source, made.day, now=here.now(made.day))
    raw = here.lake.store.get(archive["key"])
    raw.chmod(0o600)
    raw.write_bytes(raw.read_bytes()[:-1])
    with pytest.raises(StoreDamaged, match="is not what was fetched"):
        line.admit_archive(here.work, here.source, made.day, archive, now=here.now(made.day))
    assert here.rows("SELECT count(*) FROM recon.archive_admission") == [(0,)]


def test_nobody_else_can_read_what_the_store_and_the_scratch_hold(house: Build, sandbox_day: Make) -> None:
    made = sandbox_day(300)
    here = house(made)
    here.receive(made)
    here.run(made.day)
    files = [path for path in (here.root / "store").rglob("*") if path.is_file()]
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in files} == {path.name: "0o0" for path in files}
    assert here.work.scratch.stat().st_mode & 0o077 == 0


def test_what_a_killed_step_left_in_the_scratch_is_gone_after_the_next(house: Build, sandbox_day: Make) -> None:
    here = house(sandbox_day(300))
    with here.work.room() as at_work:
        (at_work / "lines.parquet").touch()
        left = at_work.with_name(".step.quarantine-killed")
        left.mkdir()
        (left / "lines.parquet").touch()
        with here.work.room():
            assert (at_work.exists(), left.exists()) == (True, False)
    assert list(here.work.scratch.iterdir()) == []


def test_a_day_nobody_delivered_waits_until_the_cut_off_and_then_fails_for_good(
    house: Build, sandbox_day: Make
) -> None:
    made = sandbox_day(300)
    here = house(made)
    arguments = (here.work, here.source, made.day)
    cut_off = here.source.cut_off(made.day)
    assert line.await_archives(*arguments, now=cut_off - timedelta(seconds=1)) is False
    assert list(here.work.journal.records()) == []
    with pytest.raises(ArchiveMissing):
        line.await_archives(*arguments, now=cut_off)
    assert [(entry["step"], entry["outcome"]) for entry in here.work.journal.records()] == [("wait", "failed")]


def test_an_alarm_reaches_people_when_the_warehouse_does_not_answer(house: Build, sandbox_day: Make) -> None:
    made = sandbox_day(300)
    here = house(made)
    (here.root / "warehouse.url").write_text("postgresql://nobody@127.0.0.1:1/nothing")
    finding = finding_of("admit", None)
    changes = alarms.alarm(here.work, here.source, made.day, finding, now=here.now(made.day), only_if_quiet=True)
    assert [(change["what"], change["recorded"]) for change in changes] == [("opened", False)]
    told = json.loads(here.work.alerts.read_text())
    assert told["incident"]["kind"] == "task_failed"
    assert "its worker died" in told["incident"]["cause"]


def test_the_backstop_stays_quiet_when_somebody_has_told_already(house: Build, sandbox_day: Make) -> None:
    made = sandbox_day(300)
    here = house(made)
    arguments, now = (here.work, here.source, made.day), here.now(made.day)
    alarms.alarm(*arguments, finding_of("admit", None), now=now)
    assert alarms.alarm(*arguments, finding_of("run", None), now=now, only_if_quiet=True) == []
