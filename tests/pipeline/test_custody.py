"""The daily look at keys: an incident opens once, is told again at each stage, and recovers after the rotation."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml

from cuadre.model.codes import IncidentKind
from cuadre.model.errors import ConfigurationError
from cuadre.model.records import Finding
from cuadre.pipeline import alarms
from cuadre.pipeline.custody import check_custody
from cuadre.pipeline.trouble import custody_finding
from cuadre.sandbox.archive import SandboxDay
from cuadre.sandbox.keys import gnupg
from tests.pipeline.conftest import House, build_house

ENDS = date(2026, 6, 30)


@pytest.fixture
def house(tmp_path: Any, warehouse_url: str, sandbox_day: Callable[..., SandboxDay]) -> House:
    """A house whose provider's key ends on `ENDS`, and where no rotation is due."""
    made = sandbox_day(60)
    place = build_house(tmp_path, made, warehouse_url)
    shutil.copytree(made.keyring, tmp_path / "keyring", ignore=shutil.ignore_patterns("S.*"))
    _edit(place, lambda trust: trust.update(rotation="P36500D", keyring={"folder": str(tmp_path / "keyring")}))
    _edit(place, lambda trust: trust["keys"][0].update(valid_to=str(ENDS)))
    return place


def _edit(house: House, change: Callable[[dict[str, Any]], Any]) -> None:
    data = yaml.safe_load(house.source_file.read_text())
    change(data["trust"])
    house.source_file.write_text(yaml.safe_dump(data))


def _look(house: House, days_before: int) -> list[tuple[str, str]]:
    now = datetime.combine(ENDS - timedelta(days=days_before), datetime.min.time(), UTC) + timedelta(hours=12)
    return [(each["what"], each["incident_id"]) for each in check_custody(house.work, house.source, now=now)["changes"]]


def _state(house: House) -> list[tuple[object, ...]]:
    return house.rows("SELECT settlement_date, state, left(cause, 8), runbook FROM recon.incident ORDER BY 1")


def test_an_incident_opens_at_45_days_changes_at_14_and_3_and_recovers_after_the_rotation(house: House) -> None:
    incident = f"pagoefectivo_pe/{ENDS}/key_custody"
    book = "docs/runbooks/rotate_keys.md"
    assert _look(house, 46) == []
    causes = []
    for days in (45, 44, 14, 13, 3, 0):
        assert _look(house, days) == [("opened" if days == 45 else "updated", incident)]
        causes += [cause for _, _, cause, _ in _state(house)]
    assert causes == ["Notice: ", "Notice: ", "Warning:", "Warning:", "Critical", "Critical"]
    assert _state(house) == [(ENDS, "open", "Critical", book)]
    with gnupg(house.root / "theirs") as theirs, gnupg(house.work.keyring(house.source)) as ours:
        successor = theirs.make_key("successor")
        ours.take(theirs.public(successor))
    _edit(house, lambda trust: trust["keys"].append(dict(trust["keys"][0], fingerprint=successor, valid_to=None)))
    assert _look(house, 0) == [("recovered", incident)]
    assert _look(house, -1) == []
    assert _state(house) == [(ENDS, "recovered", "Critical", book)]


def test_two_things_due_on_different_days_are_two_incidents(house: House) -> None:
    _edit(house, lambda trust: trust["keys"].append(dict(trust["keys"][0], fingerprint="0" * 40, valid_to=None)))
    missing = house.source.trust.keys[-1].valid_from
    assert {incident for _, incident in _look(house, 20)} == {
        f"pagoefectivo_pe/{ENDS}/key_custody",
        f"pagoefectivo_pe/{missing}/key_custody",
    }


def test_a_settlement_day_neither_closes_a_key_s_incident_nor_is_kept_quiet_by_it(house: House) -> None:
    _look(house, 20)
    here, now = (house.work, house.source, ENDS), house.now(ENDS)
    backstop = Finding(IncidentKind.task_failed, "The run failed.")
    assert alarms.alarm(*here, backstop, now=now, only_if_quiet=True)
    told = alarms.tell(*here, [], alarms.JUDGED_BY_SUCCESS, now)
    assert [change.incident.kind.name for change in told] == ["task_failed"]


def test_a_check_that_failed_is_an_incident_until_the_next_one(house: House) -> None:
    day, now = ENDS - timedelta(days=60), house.now(ENDS - timedelta(days=60))
    _edit(house, lambda trust: trust.update(keyring={"folder": str(house.root / "nowhere")}))
    with pytest.raises(ConfigurationError) as failed:
        check_custody(house.work, house.source, now=now)
    alarms.alarm(house.work, house.source, day, custody_finding(failed.value), now=now)
    assert [row[:2] for row in _state(house)] == [(day, "open")]
    _edit(house, lambda trust: trust.update(keyring={"folder": str(house.root / "keyring")}))
    assert _look(house, 59) == [("recovered", f"pagoefectivo_pe/{day}/key_custody")]
    assert house.work.journal.verify().seq == 3
