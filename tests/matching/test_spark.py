"""The same models on DuckDB and on Spark, statement by statement: a difference names the model it comes from."""

import os
import re
import shutil
import subprocess
import sys
import unicodedata
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.config import load_source
from cuadre.config.settings import Compute
from cuadre.matching.engine import duckdb_engine
from cuadre.matching.engines import open_engine
from cuadre.matching.spark import SparkEngine, spark_engine
from cuadre.matching.spark_session import spark_session
from cuadre.model.columns import CLAIMS, LINES, ORDERS
from cuadre.model.errors import ConfigurationError
from cuadre.pipeline.admit import admit
from cuadre.pipeline.reconcile import reconcile
from tests.matching.tiny import claim, give_back, line, order, write

pytestmark = pytest.mark.timeout(900)
ODD = "f" * 64


class BothEngines:
    """Runs every statement on both and demands the same of both."""

    small = SparkEngine.small

    def __init__(self, duckdb, spark, spark_room):
        self.duckdb, self.spark, self.spark_room = duckdb, spark, spark_room
        self.different = []

    def run(self, sql):
        self.duckdb.run(sql)
        self.spark.run(sql)
        kind, name = re.match(r"CREATE (\w+) (\w+) AS", sql).groups()
        if kind == "TABLE":
            found = [list(row.values()) for row in pq.read_table(self.spark_room / name).to_pylist()]
            if as_set(self.duckdb.rows(f"SELECT * FROM {name}")) != as_set(found):
                self.different.append(name)

    def rows(self, sql):
        rows = self.duckdb.rows(sql)
        same = plain if "ORDER BY" in sql else as_set
        assert same(rows) == same(self.spark.rows(sql))
        return rows

    def write(self, sql, path):
        elsewhere = self.spark_room / path.name
        assert self.duckdb.write(sql, path) == self.spark.write(sql, elsewhere)
        if path.read_bytes() != elsewhere.read_bytes():
            self.different.append(path.name)
        return pq.ParquetFile(path).metadata.num_rows

    def parquet(self, files):
        name = self.spark.parquet(files)
        self.duckdb.run(f"CREATE VIEW {name} AS SELECT * FROM {self.duckdb.parquet(files)}")
        return name


def as_set(rows):
    return sorted(map(repr, plain(rows)))


def plain(value):
    """Values without what only says which engine they come from."""
    if isinstance(value, dict):
        return plain(list(value.values()))
    if isinstance(value, list | tuple):
        return tuple(plain(each) for each in value)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value.normalize() if isinstance(value, Decimal) else value


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """One Spark for the file, compiling little, since it lives for a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        patch.delenv("JAVA_HOME", raising=False)
        with spark_session(tmp_path_factory.mktemp("spark")) as session:
            yield session


@pytest.fixture
def both(session, tmp_path):
    here, there = tmp_path / "duckdb", tmp_path / "spark"
    here.mkdir()
    there.mkdir()
    with duckdb_engine(here) as duckdb, spark_engine(there) as spark:
        yield BothEngines(duckdb, spark, there)


def admitted(day, source, folder):
    for archive in day.archives:
        admit(archive, source, keyring=day.keyring, out=folder / archive.name, now=day.as_of)
    return [part for archive in day.archives for part in (folder / archive.name).glob("lines*.parquet")]


def odd_lines(day):
    """What generated days rarely hold: blank and strange references, ties, knots, refunds before their payment."""
    here = {"source": "pagoefectivo_pe", "archive_id": ODD, "settlement_date": day}
    strange = 'quo"te\\ \t\x01\x7f é漢😀 <>&/\u2028'
    rows = [
        line(1, psp_reference="x1"), line(2, psp_reference="x1"),
        line(3, psp_reference="x2"), line(4, psp_reference="x3", merchant_reference="y1"),
        line(5, psp_reference=" ", merchant_reference="\u200b"), line(6, psp_reference="", operation_reference=strange),
        line(7, psp_reference=strange, merchant_reference=strange), line(8, merchant_reference="y9", gross="0"),
        line(9, psp_reference="x9", gross="300000.005", fee="0.004999"), line(10, psp_reference="x10", currency="USD"),
        line(11, merchant_reference="y11", gross="-100", channel=None, batch_id=None),
        give_back(12, original_reference="x9", gross="-200000"),
        give_back(13, original_reference="x9", gross="-100001"),
        give_back(14, "CHARGEBACK", original_reference="nowhere"),
        give_back(15, "CHARGEBACK_REVERSAL", psp_reference="x9"), give_back(16, original_reference="x2"),
        line(17, line_type="ROUNDING", gross="0.000001", operation_reference=None),
        line(18), line(19), line(20, operation_reference=None), line(21, operation_reference=None),
        line(22, psp_reference="x22"), give_back(23, original_reference="x22", gross="-60"),
        line(24, psp_reference="x24", **paid_in_dollars("999999999999.999999", "999999999999.999999")),
        line(25, psp_reference="x25", **paid_in_dollars("0.000001", "2.5")),
        line(26, psp_reference="x26", **paid_in_dollars("33.333333", "3.000015")),
    ]  # fmt: skip
    return [{**row, **here} for row in rows]


def paid_in_dollars(amount, rate):
    return {"presentment_currency": "USD", "presentment_amount": Decimal(amount), "exchange_rate": Decimal(rate)}


def odd_orders(as_of):
    due = {"due_at": as_of - timedelta(hours=1)}
    later = {"due_at": as_of + timedelta(microseconds=1)}
    return [
        order("y1", psp_reference="x1", **due), order("y2", psp_reference="x2"), order("y3", psp_reference="x2"),
        order("y4", psp_reference="x3"), order('quo"te\\ \t\x01\x7f é漢😀 <>&/\u2028', psp_reference="\u00a0"),
        order("y9", psp_reference="x9", amount="300000.005", status="REFUNDED"), order("y10", psp_reference="x10"),
        order("y11", due_at=None, paid_at=None), order("y12", **later), order("y13", due_at=None), order("Y13", **due),
        order("y14", status="EXPIRED", psp_reference="x14"), order("y15", amount="0.000001", currency="USD"),
        *(order(f"y{n}", psp_reference=f"x{n}", currency="USD", amount="33.333333") for n in (24, 25, 26)),
    ]  # fmt: skip


def odd_claims():
    """Orders used up, one of them under a reference it never learned; and a refund of a payment without an order."""
    lone = {"order_id": None, "line_type": "REFUND", "currency": "PEN", "gross": Decimal(-60)}
    return [
        claim("y10", 3), claim("y1", 9), {**claim("y12", 4), "psp_reference": "nowhere"},
        {**claim("", 5), **lone, "original_reference": "x22"}, {**claim("", 6), **lone, "psp_reference": "x2"},
    ]  # fmt: skip


def test_every_model_of_a_day_with_every_break_gives_the_same_rows_and_the_results_the_same_bytes(
    sandbox_day, session, tmp_path
):
    first = sandbox_day(lines=400, seed=21, breaks=0.3, parts=2)
    day = sandbox_day(
        lines=300, seed=22, breaks=0.3, exchanged=0.3, day=first.day + timedelta(days=1), previous=first, parts=2
    )
    source = load_source(day.source)
    settings = {"source": source, "out": tmp_path / "out", "bank_credits": day.bank_credits}
    before = reconcile(
        lines=admitted(first, source, tmp_path / "1"), orders=first.orders, as_of=first.as_of,
        **settings | {"bank_credits": first.bank_credits, "out": tmp_path / "before"},
    )  # fmt: skip
    orders = tmp_path / "orders"
    orders.mkdir()
    shutil.copy(day.orders, orders)
    write(orders / "odd.parquet", ORDERS, odd_orders(day.as_of))
    different = []

    @contextmanager
    def both_engines(compute, room):
        here, there = room / "duckdb", room / "spark"
        here.mkdir()
        there.mkdir()
        with open_engine(compute, here) as duckdb, open_engine(Compute("spark"), there) as spark:
            both = BothEngines(duckdb, spark, there)
            yield both
            different.extend(both.different)

    report = reconcile(
        lines=[*admitted(day, source, tmp_path / "2"), write(tmp_path / "odd.parquet", LINES, odd_lines(day.day))],
        orders=orders, as_of=day.as_of, earlier=Path(before.outcomes_path), open_items=Path(before.open_items_path),
        claims=write(tmp_path / "claims.parquet", CLAIMS, odd_claims()), opened_by=both_engines, **settings,
    )  # fmt: skip
    assert different == []
    assert report.items > 300
    assert set(report.batches) == {"balanced", "bank_pending"}


def test_text_means_the_same_whatever_is_in_it(both, tmp_path):
    signs = [
        chr(n) for n in range(0x110000) if n < 0x250 or unicodedata.category(chr(n)) in {"Cc", "Cf", "Zs", "Zl", "Zp"}
    ]
    texts = [*signs, *(f"{sign}\u200b " for sign in signs), *(f" {sign}a" for sign in signs), "", None]
    pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), tmp_path / "texts.parquet")
    relation = both.parquet([tmp_path / "texts.parquet"])
    both.run(f"CREATE TABLE said AS SELECT text, FILLED(text) AS filled, JSON_TEXT(text) AS json FROM {relation}")
    both.run("CREATE TABLE digests AS SELECT DIGEST(text) AS digest FROM said")
    both.run("CREATE TABLE sorted AS SELECT ROW_NUMBER() OVER (ORDER BY text) AS n, text FROM said")
    assert both.different == []


def test_money_is_rounded_half_up_and_never_beyond_its_decimals(both, tmp_path):
    amounts = [Decimal(n) / 1000 for n in range(-1100, 1100)] + [Decimal("999999999999.999999"), Decimal("-0.005")]
    pq.write_table(pa.table({"a": pa.array(amounts, pa.decimal128(18, 6))}), tmp_path / "amounts.parquet")
    relation = both.parquet([tmp_path / "amounts.parquet"])
    wide = "CAST(a AS DECIMAL(27,6)) * CAST('0.03995' AS DECIMAL(9,8))"
    both.run(
        f"CREATE TABLE shares AS SELECT a, ROUND({wide}, 2) AS r, CAST({wide} AS DECIMAL(18,6)) AS s FROM {relation}"
    )
    both.run(
        "CREATE TABLE sums AS SELECT a, SUM(a) OVER (ORDER BY a) AS s, ABS(a) AS b, CAST(a AS VARCHAR) AS t FROM shares"
    )
    assert both.different == []


def test_a_value_that_does_not_fit_is_in_no_message(session, tmp_path):
    table = pq.read_table(write(tmp_path / "l.parquet", LINES, [line(1)]))
    table = table.set_column(table.schema.get_field_index("line_no"), "line_no", pa.array(["much"]))
    pq.write_table(table, tmp_path / "l.parquet")
    room = tmp_path / "room"
    room.mkdir()
    with pytest.raises(ConfigurationError, match="does not fit its column") as refusal, spark_engine(room) as spark:
        spark.rows(f"SELECT CAST(line_no AS BIGINT) FROM {spark.parquet([tmp_path / 'l.parquet'])}")
    assert "much" not in str(refusal.value)


@pytest.mark.parametrize(
    ("environment", "before", "words"),
    [
        ({"JAVA_HOME": "/nowhere"}, "", "Java could not start Spark"),
        ({}, "sys.modules['pyspark'] = None", "install cuadre[spark]"),
    ],
)
def test_without_pyspark_or_java_one_sentence_says_so(sandbox_day, tmp_path, environment, before, words):
    day = sandbox_day(lines=300, seed=1)
    start = f"import sys; {before}\nfrom cuadre.cli import main\nmain()"
    files = ["--lines", day.orders, "--orders", day.orders, "--source", day.source, "--out", tmp_path / "out"]
    call = [sys.executable, "-c", start, "reconcile", "--engine", "spark", "--as-of", "2026-03-05T12:00:00Z", *files]
    done = subprocess.run(call, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "out").iterdir()) == []
