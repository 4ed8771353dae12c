"""The merchant's PostgreSQL: connections, rows in by COPY, and snapshots out as Arrow (`snapshot.py`).

Nothing here knows the marts: see `cuadre.marts` for the schema `recon` and what fills it. Snapshots are not offered by
this package's own name, since ADBC's reader loads pandas, which nobody else here needs.
"""

from cuadre.warehouse.address import Address
from cuadre.warehouse.connection import connect, engine, mapped_errors
from cuadre.warehouse.load import copy_in

__all__ = ["Address", "connect", "copy_in", "engine", "mapped_errors"]
