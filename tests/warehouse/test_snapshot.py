"""Snapshots out of the warehouse: which rows, exact money, a stable file, and plain words when something is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.config import Source, load_source
from cuadre.model.arrow import arrow_schema
from cuadre.model.columns import BANK_CREDITS, LINES, OPEN_ITEMS, ORDERS
from cuadre.model.errors import ConfigurationError, WarehouseUnavailable
from cuadre.warehouse.snapshot import snapshot_bank_credits, snapshot_orders
from tests.marts.days import line, missing, parquet, still_open

DAY = date(2026, 3, 4)
IN_WINDOW = datetime(2026, 3, 4, 15, tzinfo=UTC)
LONG_AGO = datetime(2025, 6, 1, tzinfo=UTC)

SHOP = """
    CREATE SCHEMA shop;
    CREATE SCHEMA treasury;
    CREATE TYPE shop.status AS ENUM ('CREATED', 'PENDING', 'PAID', 'EXPIRED', 'CANCELLED', 'REFUNDED', 'REVERSED');
    CREATE TABLE shop.orders (
        order_id text PRIMARY KEY, psp_reference bigint, currency char(3) NOT NULL, amount numeric NOT NULL,
        status shop.status NOT NULL, created_at timestamptz NOT NULL, paid_at timestamptz, due_at timestamptz,
        updated_at timestamptz NOT NULL, merchant text NOT NULL, buyer_email text
    );
    CREATE TABLE treasury.bank_credits (
        credit_id bigint PRIMARY KEY, account text NOT NULL, value_date date NOT NULL, currency text NOT NULL,
        amount numeric(18, 2) NOT NULL, reference text
    );
"""

Order = Callable[..., None]


@pytest.fixture(scope="session")
def source() -> Source:
    return load_source(Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml")


@pytest.fixture
def shop_url(database_url: str) -> str:
    """A warehouse whose tables have types of their own and a column too many."""
    with psycopg.connect(database_url) as connection:
        connection.execute(SHOP)
    return database_url


@pytest.fixture
def order(shop_url: str) -> Order:
    def insert(order_id: str, paid_at: datetime | None = IN_WINDOW, **but: Any) -> None:
        row = {
            "order_id": order_id,
            "psp_reference": None,
            "currency": "PEN",
            "amount": Decimal("10.5"),
            "status": "PAID",
            "created_at": LONG_AGO,
            "paid_at": paid_at,
            "due_at": None,
            "updated_at": IN_WINDOW,
            "merchant": "30145",
            "buyer_email": "someone@example.com",
        } | but
        names = ", ".join(row)
        values = ", ".join(f"%({name})s" for name in row)
        with psycopg.connect(shop_url) as connection:
            connection.execute(f"INSERT INTO shop.orders ({names}) VALUES ({values})", row)

    return insert


def _orders(url: str, source: Source, out: Path, *lines: Path, **more: Any) -> list[dict[str, Any]]:
    rows = snapshot_orders(url, source, DAY, lines=lines, out=out, **more)
    table = pq.read_table(out)
    assert table.schema == arrow_schema(ORDERS, table.column_names)
    assert table.num_rows == rows
    return table.to_pylist()


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["order_id"] for row in rows]


def test_orders_of_the_window_come_with_exact_money_and_canonical_types(
    shop_url: str, source: Source, order: Order, tmp_path: Path
) -> None:
    order("A", psp_reference=123, amount=Decimal("1234567890.123456"), due_at=IN_WINDOW)
    order("B", amount=Decimal("7.10000000"))
    first, second = _orders(shop_url, source, tmp_path / "orders.parquet")

    assert (first["psp_reference"], first["amount"]) == ("123", Decimal("1234567890.123456"))
    assert (first["paid_at"], first["due_at"], first["status"]) == (IN_WINDOW, IN_WINDOW, "PAID")
    assert (second["amount"], second["due_at"]) == (Decimal("7.1"), None)


def test_an_optional_column_comes_where_the_table_has_it(
    shop_url: str, source: Source, order: Order, tmp_path: Path
) -> None:
    order("A")
    assert "channel" not in _orders(shop_url, source, tmp_path / "without.parquet")[0]
    with psycopg.connect(shop_url) as connection:
        connection.execute("ALTER TABLE shop.orders ADD channel varchar(20)")
    order("B", channel="agent")
    rows = _orders(shop_url, source, tmp_path / "with.parquet")
    assert [row["channel"] for row in rows] == [None, "agent"]


def test_an_operation_number_names_an_order_where_the_line_names_none(
    shop_url: str, source: Source, order: Order, tmp_path: Path
) -> None:
    order("A", None, psp_reference=771, status="CREATED")
    order("B", None, psp_reference=772, status="CREATED")
    lines = tmp_path / "lines.parquet"
    names = ("psp_reference", "merchant_reference", "original_reference", "operation_reference")
    rows = [dict.fromkeys(names, " ") | {"operation_reference": "771"}, dict.fromkeys(names, "o9") | {names[3]: "772"}]
    pq.write_table(pa.Table.from_pylist(rows), lines)
    assert _ids(_orders(shop_url, source, tmp_path / "orders.parquet", lines)) == ["A"]


def test_the_window_is_of_local_days_and_ends_before_the_next_one(
    shop_url: str, source: Source, order: Order, tmp_path: Path
) -> None:
    order("too early", datetime(2026, 3, 1, 4, 59, 59, tzinfo=UTC))
    order("first", datetime(2026, 3, 1, 5, tzinfo=UTC))  # midnight in Lima, three days before
    order("last", datetime(2026, 3, 5, 4, 59, 59, tzinfo=UTC))
    order("too late", datetime(2026, 3, 5, 5, tzinfo=UTC))
    order("unpaid", None)
    assert _ids(_orders(shop_url, source, tmp_path / "orders.parquet")) == ["first", "last"]


def test_an_order_that_took_money_and_does_not_say_when_counts_from_its_making(
    shop_url: str, source: Source, order: Order, tmp_path: Path
) -> None:
    order("too early", None, created_at=datetime(2026, 3, 1, 4, 59, 59, tzinfo=UTC))
    order("first", None, created_at=datetime(2026, 3, 1, 5, tzinfo=UTC))
    order("last", None, created_at=datetime(2026, 3, 5, 4, 59, 59, tzinfo=UTC), status="REFUNDED")
    order("too late", None, created_at=datetime(2026, 3, 5, 5, tzinfo=UTC))
    order("unpaid", None, created_at=IN_WINDOW, status="EXPIRED")
    assert _ids(_orders(shop_url, source, tmp_path / "orders.parquet")) == ["first", "last"]


def test_orders_that_lines_or_open_items_name_come_however_old(
    shop_url: str, source: Source, order: Order, tmp_path: Path
) -> None:
    for number, name in enumerate(("by id", "by cip", "original", "open order", "open line", "nobody's"), start=1):
        order(name, LONG_AGO, psp_reference=number)
    order("another merchant's", psp_reference=77, merchant="99999")
    lines = parquet(
        tmp_path / "lines.parquet",
        LINES,
        (
            line(1, psp_reference=None, merchant_reference="by id"),
            line(2, psp_reference="2", merchant_reference="  "),
            line(3, psp_reference=None, merchant_reference=None, original_reference="3"),
            line(4, psp_reference="77", merchant_reference=None),
        ),
    )
    opened = still_open(missing("open order", "1"), order=None) | {"order": _struct("open order")}
    carried = still_open(missing("x", "1"), of=line(9, psp_reference="5", merchant_reference=None))
    items = parquet(tmp_path / "open.parquet", OPEN_ITEMS, (opened, carried))

    found = _orders(shop_url, source, tmp_path / "orders.parquet", lines, open_items=items)
    assert _ids(found) == ["by cip", "by id", "open line", "open order", "original"]


def test_an_order_comes_that_an_earlier_day_cleared_under_the_reference_a_return_names(
    shop_url: str, source: Source, order: Order, tmp_path: Path
) -> None:
    names = ("refunded", "carried", "paid", "given back", "nobody's")
    for name in names:
        order(name, LONG_AGO)
    refund = {"line_type": "REFUND", "psp_reference": None, "merchant_reference": None}
    lines = parquet(
        tmp_path / "lines.parquet",
        LINES,
        (
            line(1, **refund, original_reference="1"),
            line(2, psp_reference="3"),
            line(3, **refund | {"psp_reference": "4"}),
        ),
    )
    carried = still_open(missing("x", "1"), of=line(9, **refund, original_reference="2"), order=None)
    items = parquet(tmp_path / "open.parquet", OPEN_ITEMS, (carried,))
    cleared = {"line_type": "PAYMENT", "outcome": "matched"}
    rows = [cleared | {"order_id": name, "psp_reference": str(n)} for n, name in enumerate(names, start=1)]
    rows[3]["line_type"] = "REFUND"
    outcomes = tmp_path / "outcomes.parquet"
    pq.write_table(pa.Table.from_pylist(rows), outcomes)
    found = _orders(shop_url, source, tmp_path / "orders.parquet", lines, open_items=items, earlier=[outcomes])
    assert _ids(found) == ["carried", "refunded"]


def _struct(order_id: str) -> dict[str, Any]:
    times = dict.fromkeys(("created_at", "paid_at", "due_at", "updated_at"), LONG_AGO)
    money = {"currency": "PEN", "amount": Decimal(1)}
    return {"order_id": order_id, "psp_reference": None, "status": "PAID", "merchant": "30145"} | times | money


def test_the_same_rows_give_the_same_file_in_whatever_order_they_were_stored(
    shop_url: str, source: Source, order: Order, tmp_path: Path
) -> None:
    hashes = set()
    for names in ("aBcÑ_", "_ÑcBa"):
        with psycopg.connect(shop_url) as connection:
            connection.execute("TRUNCATE shop.orders")
        for name in names:
            order(name)
        assert _ids(_orders(shop_url, source, tmp_path / "orders.parquet")) == ["B", "_", "a", "c", "Ñ"]
        hashes.add(hashlib.sha256((tmp_path / "orders.parquet").read_bytes()).hexdigest())
    assert len(hashes) == 1


@pytest.mark.parametrize("amount", ["1.0000001", "1234567890123.5", "NaN"])
def test_money_that_does_not_fit_is_refused_not_rounded(
    shop_url: str, source: Source, order: Order, tmp_path: Path, amount: str
) -> None:
    order("A", amount=Decimal(amount))
    with pytest.raises(ConfigurationError, match=r"shop.orders: column amount holds a value beyond 18 digits"):
        _orders(shop_url, source, tmp_path / "orders.parquet")


def test_null_where_a_value_is_needed_is_named(shop_url: str, source: Source, order: Order, tmp_path: Path) -> None:
    with psycopg.connect(shop_url) as connection:
        connection.execute("ALTER TABLE shop.orders ALTER COLUMN updated_at DROP NOT NULL")
    order("A", updated_at=None)
    with pytest.raises(ConfigurationError, match="column updated_at holds NULL"):
        _orders(shop_url, source, tmp_path / "orders.parquet")
    assert not list(tmp_path.glob("*.parquet"))


def test_a_missing_column_or_table_is_said_in_plain_words(shop_url: str, source: Source, tmp_path: Path) -> None:
    with psycopg.connect(shop_url) as connection:
        connection.execute("ALTER TABLE shop.orders DROP COLUMN due_at")
        connection.execute("DROP TABLE treasury.bank_credits")
    with pytest.raises(ConfigurationError, match=r"a column does not exist .* shop.orders with the columns order_id"):
        _orders(shop_url, source, tmp_path / "orders.parquet")
    with pytest.raises(ConfigurationError, match=r"a table does not exist .* treasury.bank_credits"):
        snapshot_bank_credits(shop_url, source, DAY, tmp_path / "bank.parquet", since=DAY)


def test_bank_credits_are_of_the_day_and_the_window_after_it(shop_url: str, source: Source, tmp_path: Path) -> None:
    with psycopg.connect(shop_url) as connection:
        for number, day in enumerate(("2026-03-03", "2026-03-04", "2026-03-09", "2026-03-10")):
            connection.execute(
                "INSERT INTO treasury.bank_credits VALUES (%s, 'main', %s, 'PEN', 95.29, 'B1')", (number, day)
            )
    assert snapshot_bank_credits(shop_url, source, DAY, tmp_path / "bank.parquet", since=DAY) == 2
    table = pq.read_table(tmp_path / "bank.parquet")
    assert table.schema == arrow_schema(BANK_CREDITS)
    assert table.column("credit_id").to_pylist() == ["1", "2"]
    assert table.column("amount").to_pylist() == [Decimal("95.29")] * 2


def test_a_server_that_is_away_is_transient_and_its_password_stays_secret(source: Source, tmp_path: Path) -> None:
    url = f"postgresql://cuadre:s3cret@/warehouse?host={tmp_path}"
    with pytest.raises(WarehouseUnavailable, match="cannot be reached") as raised:
        snapshot_bank_credits(url, source, DAY, tmp_path / "bank.parquet", since=DAY)
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None
