"""Source definitions: one reviewed YAML file per provider account, validated once, unknown keys refused."""

from cuadre.config.loading import load_source, load_sources
from cuadre.config.references import ChannelReference, FolderReference, SecretReference
from cuadre.config.source import (
    Alerts,
    Bank,
    FeePlan,
    Limits,
    Orders,
    Schedule,
    Settlement,
    Source,
    Thresholds,
    Transport,
)
from cuadre.config.trust import Trust, TrustedKey

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
    "Source",
    "Thresholds",
    "Transport",
    "Trust",
    "TrustedKey",
    "load_source",
    "load_sources",
]
