"""What Airflow has to be told by a plugin; all else is in the package `cuadre`, which this file only names."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from cuadre.airflow.deadlines import RunMade


class CuadrePlugin(AirflowPlugin):
    """Registers the deadline reference of the settlement DAGs."""

    name = "cuadre"
    deadline_references = [RunMade]  # noqa: RUF012  the name and kind are Airflow's
