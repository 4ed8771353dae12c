"""Shows broken source files where the people on call look: as an import error that names file, line and key.

This file makes no Airflow dag. `settlement.py` leaves a broken source out, so that the others go on; this one fails for
as long as any is broken.
"""

from __future__ import annotations

from cuadre.config import load_sources
from cuadre.config.settings import sources_folder

load_sources(sources_folder())
