"""One warehouse URL in the dialects of its readers: SQLAlchemy, psycopg and ADBC. Connects to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from cuadre.model.errors import ConfigurationError

_SCHEMES = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the warehouse is. Its text form, as in logs and messages, never shows the password."""

    url: URL

    @classmethod
    def parse(cls, url: str) -> Address:
        """The address in `url`, such as `postgresql://user:pw@host:5432/db` or `postgresql://user@/db?host=/run/pg`.

        Raises:
            ConfigurationError: It is no PostgreSQL URL, or names no database. The URL is not repeated: it may hold a
                password.
        """
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise ConfigurationError("The warehouse's URL cannot be read; write postgresql://user@host/db.") from None
        if parsed.drivername.split("+")[0] not in _SCHEMES:
            raise ConfigurationError(f"The warehouse is a PostgreSQL, but its URL says {parsed.drivername!r}.")
        if not parsed.database:
            raise ConfigurationError("The warehouse's URL names no database; write postgresql://user@host/db.")
        return cls(parsed)

    @property
    def sqlalchemy(self) -> URL:
        """For SQLAlchemy, which speaks through psycopg 3."""
        return self.url.set(drivername="postgresql+psycopg")

    @property
    def libpq(self) -> str:
        """For psycopg and ADBC, which both hand it to libpq. Holds the password."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def __str__(self) -> str:
        host = self.url.host or self.url.query.get("host") or "the local socket"
        return f"{self.url.database} at {host}"

    def __repr__(self) -> str:
        return f"Address({self})"
