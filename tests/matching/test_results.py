"""The outcomes file: in the order of lines, and the same bytes however the engine shares out its work."""

import hashlib

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from cuadre.matching.engine import duckdb_engine
from cuadre.matching.models import shared_parameters
from cuadre.matching.results import write_outcomes
from tests.matching.tiny import AS_OF, DAY, PAID_AT, SOURCE

ROWS = 500_000
CLEARED = f"""
    CREATE TABLE cleared AS
    SELECT (1 + n % 3) * 1099511627776 + n AS line_key, 'o' || n AS order_id, 'PEN' AS currency,
        CAST(n % 977 AS DECIMAL(18, 6)) AS amount, 'c' || n AS psp_reference, 'p' || n AS operation_reference,
        TIMESTAMPTZ '2026-03-02 17:00:00+00' AS occurred_at
    FROM range({ROWS}) AS r(n) WHERE n % 50 <> 0 ORDER BY hash(n + {{shuffle}})
"""
ITEMS = f"""
    CREATE TABLE items AS
    SELECT IF(n % 100 = 0, line_key, 4611686018427387904 + n) AS place, IF(n % 100 = 0, line_key, NULL) AS line_key,
        IF(n % 100 = 0, 'REFUND', NULL) AS line_type, 'o' || n AS order_id,
        'pending' AS outcome, [REASON('NOT_YET_DUE', 'due_at', n, NULL, NULL)] AS reasons,
        'PEN' AS currency, CAST(n AS DECIMAL(18, 6)) AS expected, CAST(NULL AS DECIMAL(18, 6)) AS got,
        CAST(-n AS DECIMAL(18, 6)) AS delta, NULL AS pass, DATE '2026-03-01' AS first_seen, 'i' || n AS item_id,
        NULL AS psp_reference, NULL AS operation_reference, CAST(NULL AS TIMESTAMPTZ) AS occurred_at,
        'o' || n AS merchant_reference, NULL AS original_reference, 'USD' AS order_currency,
        CAST(NULL AS DECIMAL(18, 6)) AS order_amount
    FROM (SELECT n, (1 + n % 3) * 1099511627776 + n AS line_key FROM range({ROWS}) AS r(n) WHERE n % 50 = 0)
    ORDER BY hash(n + {{shuffle}})
"""
ARCHIVES = """
    CREATE TABLE archives AS
    SELECT repeat(chr(CAST(96 + n AS INT)), 64) AS archive_id, n AS archive_no FROM range(1, 4) AS r(n)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The same outcomes written from differently shuffled tables by 1, 2 and 4 threads, and with little memory."""
    files = []
    for shuffle, (threads, memory) in enumerate([(1, "1200MB"), (2, "1200MB"), (4, "1200MB"), (2, "200MB")]):
        folder = tmp_path_factory.mktemp("outcomes")
        with duckdb_engine(folder, memory, threads) as db:
            db.run(ARCHIVES)
            db.run(CLEARED.format(shuffle=shuffle))
            db.run(ITEMS.format(shuffle=shuffle))
            assert write_outcomes(db, shared_parameters(SOURCE, DAY, AS_OF), folder / "outcomes.parquet") == ROWS
        files.append(folder / "outcomes.parquet")
    return files


def test_neither_threads_nor_memory_nor_the_order_of_rows_change_a_byte(written):
    assert pq.ParquetFile(written[0]).num_row_groups > 3
    assert len({hashlib.sha256(file.read_bytes()).hexdigest() for file in written}) == 1


def test_lines_come_by_archive_and_number_then_orders_without_a_line_by_id(written):
    table = pq.read_table(written[1])
    lines = table.filter(pc.is_valid(table["archive_id"]))
    assert table.slice(0, len(lines)).equals(lines)
    places = list(zip(lines["archive_id"].to_pylist(), lines["line_no"].to_pylist(), strict=True))
    assert places == sorted(places)
    alone = table.slice(len(lines))
    assert alone["line_no"].null_count == len(alone) == ROWS // 100
    assert alone["expected"].to_pylist() == sorted(alone["expected"].to_pylist())


def test_what_all_cleared_pairs_share_is_filled_in(written):
    table = pq.read_table(written[0])
    cleared, items = table.filter(pc.field("outcome") == "matched"), table.filter(pc.field("outcome") == "pending")
    assert len(cleared) + len(items) == ROWS
    first = cleared.slice(0, 1).to_pylist()[0]
    assert (first["item_id"], first["pass"], first["delta"], first["reasons"]) == ("order:o3", "psp_reference", 0, [])
    assert (first["first_seen"], first["age_days"], first["expected"], first["got"]) == (DAY, 0, 3, 3)
    assert (first["psp_reference"], first["operation_reference"], first["occurred_at"]) == ("c3", "p3", PAID_AT)
    assert (first["merchant_reference"], first["order_currency"], first["order_amount"]) == (None, None, None)
    assert items["item_id"].to_pylist()[0] == "i0"
    assert items["merchant_reference"].to_pylist()[0] == "o0"
    assert set(items["order_currency"].to_pylist()) == {"USD"}
    assert set(items["order_amount"].to_pylist()) == {None}
    assert set(cleared["line_type"].to_pylist()) == {"PAYMENT"}
    assert items["line_type"].to_pylist() == ["REFUND"] * (ROWS // 100) + [None] * (ROWS // 100)
    assert set(items["age_days"].to_pylist()) == {1}
