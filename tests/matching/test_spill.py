"""A day larger than the memory DuckDB may use: the same files, and nothing left of what was spilled."""

import threading

import duckdb
import pytest

from cuadre.config.settings import Compute, compute_settings
from cuadre.model.errors import ConfigurationError
from cuadre.pipeline.reconcile import reconcile
from tests.matching.tiny import AS_OF, SOURCE

ROWS = 400_000
LINES = """
    SELECT 'shop_pe' AS source, REPEAT('a', 64) AS archive_id, n AS line_no, DATE '2026-03-02' AS settlement_date,
        'B1' AS batch_id, 'PAYMENT' AS line_type, SHA256('c' || n) AS psp_reference, SHA256('p' || n) AS
        operation_reference, IF(n % 50 = 0, 'o0', 'o' || n) AS merchant_reference, NULL::VARCHAR AS original_reference,
        'PEN' AS currency, 100::DECIMAL(18,6) AS gross, 3.99::DECIMAL(18,6) AS fee, 0.72::DECIMAL(18,6) AS tax,
        95.29::DECIMAL(18,6) AS net, TIMESTAMPTZ '2026-03-02 17:00:00+00' AS occurred_at, 'agent' AS channel
"""
ORDERS = """
    SELECT 'o' || n AS order_id, SHA256('c' || n) AS psp_reference, 'PEN' AS currency, 100::DECIMAL(18,6) AS amount,
        'PAID' AS status, moment AS created_at, moment AS paid_at, moment AS due_at, moment AS updated_at,
        '30145' AS merchant
"""


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """Lines and orders in two mixed-up orders, every reference as long as a hash."""
    folder = tmp_path_factory.mktemp("large")
    with duckdb.connect(config={"threads": 2}) as db:
        db.execute("SET TimeZone = 'UTC'")
        numbers = f"FROM (SELECT n, TIMESTAMPTZ '2026-03-03 12:00:00+00' AS moment FROM range(1, {ROWS + 1}) AS r(n))"
        for name, columns in {"lines": LINES, "orders": ORDERS}.items():
            db.execute(f"COPY ({columns} {numbers} ORDER BY HASH(n)) TO '{folder / name}.parquet'")
    return folder


def reconciled(day, out, compute):
    return reconcile(
        lines=day / "lines.parquet", orders=day / "orders.parquet", source=SOURCE, as_of=AS_OF, out=out, compute=compute
    )


def test_a_day_beyond_memory_is_spilled_into_a_private_folder_and_comes_out_the_same(day, tmp_path):
    whole, spilled, over = tmp_path / "whole", tmp_path / "spilled", threading.Event()
    seen = set()

    def watch():
        while not over.wait(0.01):
            seen.update(file.name for file in spilled.glob(".reconcile.quarantine-*/duckdb_temp*"))

    reconciled(day, whole, Compute(memory_limit="2GB"))
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        reconciled(day, spilled, Compute(memory_limit="200MB"))
    finally:
        over.set()
        watcher.join()
    assert seen
    left = sorted(file.name for file in spilled.iterdir())
    assert left == sorted(file.name for file in whole.iterdir())
    assert all((spilled / name).read_bytes() == (whole / name).read_bytes() for name in left)


def test_a_limit_that_is_too_low_even_to_spill_is_said_in_a_sentence(day, tmp_path):
    with pytest.raises(ConfigurationError, match=r"20MB of memory are too few .* raise CUADRE_MEMORY_LIMIT"):
        reconciled(day, tmp_path / "out", Compute(memory_limit="20MB"))
    assert list((tmp_path / "out").iterdir()) == []


def test_the_limit_is_read_from_the_environment_and_has_to_be_an_amount_of_memory():
    assert compute_settings("duckdb", {"CUADRE_MEMORY_LIMIT": "8GB"}).memory_limit == "8GB"
    assert compute_settings("duckdb", {}).memory_limit == "1200MB"
    for wrong in ("80%", "0GB", "much", "8"):
        with pytest.raises(ConfigurationError, match="CUADRE_MEMORY_LIMIT"):
            compute_settings("duckdb", {"CUADRE_MEMORY_LIMIT": wrong})
