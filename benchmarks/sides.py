"""One side of a measurement, run in a process of its own: our steps, and the bare engines doing the same job.

Usage: python -m benchmarks.sides NAME ARGUMENT...
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

TYPES = {
    "cip": "VARCHAR",
    "operation_number": "VARCHAR",
    "transaction_code": "VARCHAR",
    "original_reference": "VARCHAR",
    "batch": "VARCHAR",
    "type": "VARCHAR",
    "channel": "VARCHAR",
    "currency": "VARCHAR",
    "gross": "DECIMAL(18,6)",
    "fee": "DECIMAL(18,6)",
    "igv": "DECIMAL(18,6)",
    "net": "DECIMAL(18,6)",
    "paid_at": "TIMESTAMPTZ",
}
THREADS = 2


def admit(archive: str, source: str, keyring: str, out: str) -> None:
    """Ciphertext to typed Parquet, signature check and control totals included."""
    from cuadre.config import load_source
    from cuadre.pipeline.admit import admit as admit_archive

    admission = admit_archive(
        Path(archive), load_source(Path(source)), keyring=Path(keyring), out=Path(out), now=datetime.now(UTC)
    )
    if admission.verdict != "admitted":
        raise SystemExit(f"rejected: {admission.reason} {admission.detail}")


def duckdb_copy(csv: str, out: str) -> None:
    """The already plain CSV to typed Parquet by a bare DuckDB COPY."""
    import duckdb

    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    with duckdb.connect(config={"threads": THREADS}) as duck:
        duck.execute(
            f"COPY (SELECT * FROM read_csv('{csv}', header = true, columns = {{{columns}}}))"
            f" TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
        )


def check(lines: str, source: str) -> None:
    """All expectations over a day's lines."""
    from cuadre.config import load_source
    from cuadre.pipeline.check import check as check_lines

    if not check_lines(Path(lines), load_source(Path(source))).passed:
        raise SystemExit("a critical expectation failed")


def reconcile(lines: str, orders: str, source: str, as_of: str, out: str, open_items: str | None = None) -> None:
    """Lines against orders: all passes, reasons and open items."""
    from cuadre.config import load_source
    from cuadre.pipeline.reconcile import reconcile as reconcile_files

    reconcile_files(
        lines=Path(lines),
        orders=Path(orders),
        source=load_source(Path(source)),
        as_of=datetime.fromisoformat(as_of),
        out=Path(out),
        open_items=Path(open_items) if open_items else None,
    )


def open_items(given: str, out: str, count: str) -> None:
    """`count` open items of an earlier day: the given lines under other references, for which there is no order."""
    from datetime import timedelta

    import duckdb

    from benchmarks.given import DAY
    from cuadre.config import load_source
    from cuadre.pipeline.reconcile import reconcile as reconcile_files

    folder, left = Path(given), Path(out)
    left.mkdir(exist_ok=True)
    earlier, source = DAY - timedelta(days=1), load_source(folder / "source.yaml")
    with duckdb.connect() as duck:
        duck.execute(
            f"COPY (SELECT * REPLACE (REPEAT('e', 64) AS archive_id, DATE '{earlier}' AS settlement_date, "
            "'E' || psp_reference AS psp_reference, 'E' || merchant_reference AS merchant_reference) "
            f"FROM read_parquet('{folder}/lines/*.parquet') WHERE line_type = 'PAYMENT' "
            f"ORDER BY line_no LIMIT {int(count)}) TO '{left}/lines.parquet' (FORMAT parquet)"
        )
        duck.execute(
            f"COPY (FROM read_parquet('{folder}/orders.parquet') LIMIT 0) TO '{left}/orders.parquet' (FORMAT parquet)"
        )
    reconcile_files(
        lines=left / "lines.parquet",
        orders=left / "orders.parquet",
        source=source,
        as_of=source.as_of(earlier),
        out=left,
    )


def day(archive: str, source: str, given: str, as_of: str, settlement_date: str, room: str, *open_items: str) -> None:
    """Admit, check, reconcile and publish, one process after the other as under Airflow; with `open_items` or none."""
    lines, outcomes = f"{room}/lines", f"{room}/outcomes"
    _in_turn(
        ("admit", archive, source, f"{given}/keyring", lines),
        ("check", lines, source),
        ("reconcile", lines, f"{given}/orders.parquet", source, as_of, outcomes, *open_items),
        ("publish", lines, outcomes, source, settlement_date, *open_items),
    )


def bare_day(given: str, rows: str, room: str) -> None:
    """What a day cannot do without: the CSV typed, one join, the rows copied into a table."""
    Path(room).mkdir()
    _in_turn(
        ("duckdb-copy", f"{given}/body.csv", f"{room}/copy.parquet"),
        ("duckdb-join", f"{given}/lines", f"{given}/orders.parquet", f"{room}/join.parquet"),
        ("postgres-copy", rows, "bare"),
    )


def _in_turn(*steps: tuple[str, ...]) -> None:
    for step in steps:
        subprocess.run([sys.executable, "-m", "benchmarks.sides", *step], check=True)


def duckdb_join(lines: str, orders: str, out: str) -> None:
    """One bare DuckDB full outer join on the same keys, to Parquet: the floor."""
    import duckdb

    with duckdb.connect(config={"threads": THREADS}) as duck:
        duck.execute(
            "COPY (SELECT l.psp_reference, l.currency, l.gross, o.order_id, o.amount, l.gross - o.amount AS delta"
            f" FROM read_parquet('{lines}/*.parquet') AS l FULL JOIN read_parquet('{orders}') AS o"
            " ON l.psp_reference = o.psp_reference AND l.currency = o.currency)"
            f" TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
        )


def publish(lines: str, outcomes: str, source: str, day: str, open_items: str | None = None) -> None:
    """A day's outcomes into the marts of the database in CUADRE_BENCH_WAREHOUSE, one transaction."""
    from datetime import date

    from cuadre.config import load_source
    from cuadre.marts.day import DayFiles
    from cuadre.pipeline.publish import publish as publish_day

    definition = load_source(Path(source))
    settlement_date = date.fromisoformat(day)
    files = DayFiles(
        settlement_date=settlement_date,
        as_of=definition.as_of(settlement_date),
        lines=tuple(sorted(Path(lines).glob("*.parquet"))),
        outcomes=Path(outcomes) / "outcomes.parquet",
        open_items_before=Path(open_items) if open_items else None,
        open_items=Path(outcomes) / "open_items.parquet",
        snapshot_hash="0" * 64,
    )
    publish_day(files, definition, url=os.environ["CUADRE_BENCH_WAREHOUSE"], now=datetime.now(UTC))


def postgres_copy(csv: str, table: str) -> None:
    """The same rows, already CSV, into a table without index by a bare COPY."""
    import psycopg

    with (
        psycopg.connect(os.environ["CUADRE_BENCH_WAREHOUSE"]) as connection,
        connection.cursor() as cursor,
        Path(csv).open("rb") as file,
        cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy,
    ):
        while block := file.read(1 << 20):
            copy.write(block)


SIDES: dict[str, Callable[..., None]] = {
    "admit": admit,
    "check": check,
    "duckdb-copy": duckdb_copy,
    "reconcile": reconcile,
    "duckdb-join": duckdb_join,
    "publish": publish,
    "postgres-copy": postgres_copy,
    "open-items": open_items,
    "day": day,
    "bare-day": bare_day,
}

if __name__ == "__main__":
    SIDES[sys.argv[1]](*sys.argv[2:])
