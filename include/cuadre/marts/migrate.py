"""Bring the schema `recon` of a warehouse to the newest version, with the migrations packaged beside this module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from cuadre.warehouse import Address, engine, mapped_errors

_LOCK = 7_283_001
"""Advisory lock: two that migrate at once do it one after the other."""


def migrate(url: str) -> None:
    """Create or upgrade the schema `recon`; does nothing when it is up to date. One transaction.

    Raises:
        WarehouseUnavailable: The server cannot be reached or breaks off; nothing was changed.
        ConfigurationError: The user may not create the schema or its tables.
    """
    _run(url, lambda config: command.upgrade(config, "head"))


def downgrade(url: str, revision: str = "base") -> None:
    """Take the schema back to `revision`; `base` drops every mart, and with them what was believed when."""
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, action: Callable[[Config], None]) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with mapped_errors(Address.parse(url)), engine(url).begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        action(config)
