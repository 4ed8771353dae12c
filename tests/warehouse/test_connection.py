"""One URL for every reader of the warehouse, and errors in our own words."""

from __future__ import annotations

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pytest
from sqlalchemy import text

from cuadre.model.errors import ConfigurationError, WarehouseUnavailable
from cuadre.warehouse import Address, connect, engine


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_one_url_serves_sqlalchemy_psycopg_and_adbc(database_url: str, scheme: str) -> None:
    url = database_url.replace("postgresql", scheme, 1)
    question = "SELECT current_database()"
    with engine(url).connect() as connection:
        by_sqlalchemy = connection.execute(text(question)).scalar()
    with psycopg.connect(Address.parse(url).libpq) as connection:
        by_psycopg = connection.execute(question).fetchone()
    with adbc.connect(Address.parse(url).libpq) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        by_adbc = cursor.fetchone()
    assert (by_sqlalchemy,) == by_psycopg == by_adbc == (Address.parse(url).url.database,)


def test_passwords_with_every_character_survive_and_are_never_shown() -> None:
    address = Address.parse("postgresql://u:p%40s%2Fs%20w%25rd@db.example:5433/warehouse?sslmode=require")
    assert address.url.password == "p@s/s w%rd"
    assert Address.parse(address.libpq).url.password == "p@s/s w%rd"
    assert str(address) == "warehouse at db.example"
    assert "p@s" not in repr(address)


@pytest.mark.parametrize(
    "url", ["", "s3cret", "mysql://u:s3cret@h/db", "postgresql://u:s3cret@h", "postgresql://u:s3cret@h:port/db"]
)
def test_a_url_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Address.parse(url)
    assert "s3cret" not in str(raised.value)


def test_a_login_or_database_that_is_refused_names_neither_password_nor_cause(database_url: str) -> None:
    url = Address.parse(database_url).url.set(password="wr0ng").render_as_string(hide_password=False)
    with pytest.raises((ConfigurationError, WarehouseUnavailable)) as raised, connect(url):
        pass
    assert "wr0ng" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_a_connection_that_breaks_in_the_middle_is_transient(database_url: str, postgres_url: str) -> None:
    def broken_off() -> None:
        with connect(database_url) as connection:
            with psycopg.connect(postgres_url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
            connection.execute("SELECT 1")

    with pytest.raises(WarehouseUnavailable):
        broken_off()
