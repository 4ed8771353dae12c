"""Source definitions: one reviewed YAML file per provider account, validated once, unknown keys refused."""

from cuadre.config.loading import load_source, load_sources
from cuadre.config.source import (
    Alerts,
    Bank,
    ChannelReference,
    FeePlan,
    FolderReference,
    Limits,
    Orders,
    Schedule,
    SecretReference,
    Settlement,
    Signer,
    Source,
    Thresholds,
    Transport,
    Trust,
)

__all__ = [
    "Alerts",
    "Bank",
    "ChannelReference",
    "FeePlan",
    "FolderReference",
    "Limits",
    "Orders",
    "Schedule",
    "SecretReference",
    "Settlement",
    "Signer",
    "Source",
    "Thresholds",
    "Transport",
    "Trust",
    "load_source",
    "load_sources",
]
