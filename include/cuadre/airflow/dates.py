"""Which settlement date a run is for: one answer for scheduled, manual, backfilled and asset-triggered runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cuadre.model.errors import SettlementDateUnknown

PARAMETER = "settlement_date"


def settlement_date(context: Mapping[str, Any], zone: ZoneInfo) -> date:
    """The settlement date of the run in `context`, Airflow's own.

    In this order: the parameter `settlement_date`, the run's partition key, the partition date the timetable gave
    (local to `zone`). The logical date is never looked at: partitioned runs have none, others carry the run's day.

    Raises:
        SettlementDateUnknown: nobody said, or what was said is no date.
    """
    run = context.get("dag_run")
    for where, value in (
        ("the parameter settlement_date", _parameter(context, run)),
        ("the partition key", context.get("partition_key") or getattr(run, "partition_key", None)),
    ):
        if value:
            return _date(where, str(value))
    moment = context.get("partition_date") or getattr(run, "partition_date", None)
    if isinstance(moment, datetime):
        return moment.astimezone(zone).date()
    raise SettlementDateUnknown(
        'This run names no settlement date. Trigger it with the parameter {"settlement_date": "YYYY-MM-DD"} or with '
        "that date as partition key."
    )


def _parameter(context: Mapping[str, Any], run: Any) -> Any:
    """Task contexts carry parameters with the run's conf put in; callbacks of a whole run may carry the conf only."""
    parameters = context.get("params") or {}
    return parameters.get(PARAMETER) or (getattr(run, "conf", None) or {}).get(PARAMETER)


def _date(where: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettlementDateUnknown(f"{where.capitalize()} is no date; write it as YYYY-MM-DD.") from None
