"""The merchant's PostgreSQL: connections, snapshots out as Arrow, rows in by COPY.

Nothing here knows the marts: see `cuadre.marts` for the schema `recon` and what fills it.
"""

from cuadre.warehouse.address import Address
from cuadre.warehouse.connection import connect, engine, mapped_errors
from cuadre.warehouse.load import copy_in
from cuadre.warehouse.snapshot import snapshot_bank_credits, snapshot_orders

__all__ = [
    "Address",
    "connect",
    "copy_in",
    "engine",
    "mapped_errors",
    "snapshot_bank_credits",
    "snapshot_orders",
]
