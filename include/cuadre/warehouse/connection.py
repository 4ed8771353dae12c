"""Connections to the warehouse, and its errors in the product's own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import adbc_driver_manager
import psycopg
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from cuadre.model.errors import ConfigurationError, CuadreError, Terminal, WarehouseUnavailable
from cuadre.warehouse.address import Address

_CONFIGURATION = {
    "3D000": "the database does not exist",
    "3F000": "a schema does not exist",
    "28000": "the login is refused",
    "28P01": "the password is refused",
    "42P01": "a table does not exist",
    "42703": "a column does not exist",
    "42501": "the user lacks a privilege",
}
"""SQLSTATEs a later try cannot cure, in words. PostgreSQL's documentation, appendix A."""

_LOST = (psycopg.OperationalError, psycopg.InterfaceError, adbc_driver_manager.OperationalError)
"""The server could not be reached, broke off, or gave up: a later try may succeed."""

_REFUSED = (psycopg.ProgrammingError, adbc_driver_manager.ProgrammingError)


def engine(url: str) -> Engine:
    """An SQLAlchemy engine without a pool: tasks live in processes of their own, and servers count connections."""
    return create_engine(Address.parse(url).sqlalchemy, poolclass=NullPool)


@contextmanager
def connect(url: str, hint: str = "") -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A psycopg connection in one transaction: committed when the block ends, rolled back when it raises.

    `hint` is what to do when a table is missing, a sentence.

    Raises:
        WarehouseUnavailable: The server cannot be reached or breaks off; nothing was committed.
        ConfigurationError: A table, column, privilege or the database is missing.
        Terminal: A value or a row is refused, such as text with a NUL character.
    """
    address = Address.parse(url)
    with (
        mapped_errors(address, hint),
        psycopg.connect(address.libpq, connect_timeout=20, application_name="cuadre") as connection,
    ):
        connection.execute("SET TIME ZONE 'UTC'")
        yield connection


@contextmanager
def mapped_errors(address: Address, hint: str = "") -> Iterator[None]:
    """Turn the drivers' errors into ours. Their texts are dropped: they may quote rows or logins.

    Args:
        address: Whose trouble it is; shown without the password.
        hint: What to do about a missing table or column, a sentence.
    """
    try:
        yield
    except DBAPIError as error:
        raise _named(address, error.orig, hint) from None
    except (psycopg.Error, adbc_driver_manager.Error) as error:
        raise _named(address, error, hint) from None


def _named(address: Address, error: BaseException | None, hint: str) -> CuadreError:
    state = getattr(error, "sqlstate", None)
    trouble = _CONFIGURATION.get(state or "")
    if trouble:
        return ConfigurationError(f"Warehouse {address}: {trouble} (SQLSTATE {state}). {hint}".rstrip())
    kind = type(error).__name__
    if isinstance(error, _REFUSED):
        return ConfigurationError(f"Warehouse {address}: it refuses the statement ({kind}, {state}). {hint}".rstrip())
    if isinstance(error, _LOST):
        return WarehouseUnavailable(
            f"Warehouse {address}: cannot be reached or broke off ({kind}); nothing is changed."
        )
    return Terminal(f"Warehouse {address}: it refuses a value or a row ({kind}, {state}); nothing was committed.")
