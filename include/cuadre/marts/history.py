"""What a mart is called in the warehouse, and the two columns that say when each of its rows is believed."""

from __future__ import annotations

from cuadre.model.columns import INCIDENT, MARTS, Column, Kind, Table

SCHEMA = "recon"
HISTORY = "_history"

KNOWN_FROM = Column("known_from", Kind.INSTANT, "Since when this row is believed.")
KNOWN_TO = Column("known_to", Kind.INSTANT, "Until when it was believed; NULL for today's belief.", nullable=True)

BELIEVED = tuple(mart for mart in MARTS if mart is not INCIDENT)
"""The marts that remember what was believed when; an incident has a state instead."""


def history_name(mart: Table) -> str:
    """Name of the table a mart's rows live in, without the schema."""
    return f"{mart.name}{HISTORY}" if mart in BELIEVED else mart.name
