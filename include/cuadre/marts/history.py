"""What a mart is called in the warehouse, and the two columns that say when each of its rows is believed."""

from __future__ import annotations

from cuadre.model.columns import INCIDENT, Column, Kind, Table

SCHEMA = "recon"
HISTORY = "_history"

KNOWN_FROM = Column("known_from", Kind.INSTANT, "Since when this row is believed.")
KNOWN_TO = Column("known_to", Kind.INSTANT, "Until when it was believed; NULL for today's belief.", nullable=True)


def history_name(mart: Table) -> str:
    """Name of the table a mart's rows live in, without the schema."""
    return mart.name if mart is INCIDENT else f"{mart.name}{HISTORY}"
