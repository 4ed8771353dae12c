"""Which settlement date a run is for, however it was started."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from cuadre.airflow.dates import settlement_date
from cuadre.airflow.work import work_at_hand
from cuadre.config import load_source
from cuadre.model.errors import ConfigurationError, SettlementDateUnknown
from tests.airflow.conftest import ROOT

EXAMPLE = ROOT / "include" / "sources" / "pagoefectivo_pe.yaml"
LIMA = ZoneInfo("America/Lima")
DAY = date(2026, 3, 4)


def core_timetable(dag):
    """The scheduler's own timetable, made from the DAG as it is stored."""
    from airflow.serialization.serialized_objects import DagSerialization

    return DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable


def test_a_scheduled_run_is_for_the_day_before_in_the_zone_of_the_source(dag) -> None:
    from airflow.timetables.base import TimeRestriction

    restriction = TimeRestriction(earliest=datetime(2026, 3, 5, 3, tzinfo=LIMA), latest=None, catchup=True)
    info = core_timetable(dag).next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)
    assert info.run_after == datetime(2026, 3, 5, 4, tzinfo=LIMA)
    assert info.partition_key == "2026-03-04"
    assert settlement_date({"partition_key": info.partition_key, "params": {"settlement_date": None}}, LIMA) == DAY


def test_the_timetables_date_counts_when_there_is_no_key(dag) -> None:
    from airflow.timetables.base import TimeRestriction

    restriction = TimeRestriction(earliest=datetime(2026, 3, 5, 3, tzinfo=LIMA), latest=None, catchup=True)
    info = core_timetable(dag).next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)
    run = SimpleNamespace(partition_key=None, partition_date=info.partition_date, conf={})
    assert settlement_date({"dag_run": run, "partition_key": None}, LIMA) == DAY


def test_a_backfill_covers_its_last_day_when_the_end_of_that_day_is_given(dag) -> None:
    infos = core_timetable(dag).iter_partition_dagrun_infos(
        earliest=datetime(2026, 3, 4, tzinfo=UTC), latest=datetime(2026, 3, 6, 23, 59, 59, tzinfo=UTC)
    )
    days = [settlement_date({"partition_key": info.partition_key}, LIMA) for info in infos]
    assert days == [date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6)]


def test_a_run_by_hand_takes_its_parameter_even_over_a_partition_key() -> None:
    context = {"params": {"settlement_date": "2026-03-04"}, "partition_key": "2026-03-09"}
    assert settlement_date(context, LIMA) == DAY


def test_a_consumer_triggered_by_the_asset_is_for_the_day_that_was_published() -> None:
    from airflow.sdk import PartitionedAssetTimetable
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable

    from cuadre.airflow.assets import published_asset

    asset = published_asset("pagoefectivo_pe")
    timetable = decode_timetable(encode_timetable(PartitionedAssetTimetable(assets=asset)))
    mapper = timetable.get_partition_mapper(name=asset.name, uri=asset.uri)
    key = mapper.to_downstream("2026-03-04")
    run = SimpleNamespace(partition_key=key, partition_date=None, conf=None)
    assert settlement_date({"dag_run": run}, LIMA) == DAY


def test_a_run_callback_finds_the_parameter_in_the_conf_of_the_run() -> None:
    run = SimpleNamespace(partition_key=None, partition_date=None, conf={"settlement_date": "2026-03-04"})
    assert settlement_date({"dag_run": run}, LIMA) == DAY


def test_the_first_scheduled_run_is_for_the_first_day_of_the_source(dag) -> None:
    from airflow.timetables.base import TimeRestriction

    restriction = TimeRestriction(earliest=dag.start_date, latest=None, catchup=True)
    info = core_timetable(dag).next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)
    assert info.partition_key == load_source(EXAMPLE).schedule.first_day.isoformat() == "2026-01-01"


def test_a_day_before_the_first_one_of_the_source_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUADRE_SOURCES", str(EXAMPLE.parent))
    monkeypatch.setenv("CUADRE_STORE", str(tmp_path))
    with pytest.raises(ConfigurationError, match="2025-12-31 is before its first settlement date, 2026-01-01"):
        work_at_hand(EXAMPLE.name, {"partition_key": "2025-12-31"})
    assert work_at_hand(EXAMPLE.name, {"partition_key": "2026-01-01"}).day == date(2026, 1, 1)


def test_a_run_that_names_no_day_is_told_what_to_pass() -> None:
    context = {
        "params": {"settlement_date": None},
        "ds": "2026-03-04",
        "logical_date": datetime(2026, 3, 4, tzinfo=UTC),
    }
    with pytest.raises(SettlementDateUnknown, match="settlement_date"):
        settlement_date(context, LIMA)


@pytest.mark.parametrize("wrong", ["04/03/2026", "2026-03-04T04:00:00", "yesterday"])
def test_what_is_no_date_is_refused(wrong: str) -> None:
    with pytest.raises(SettlementDateUnknown, match="YYYY-MM-DD"):
        settlement_date({"partition_key": wrong}, LIMA)
