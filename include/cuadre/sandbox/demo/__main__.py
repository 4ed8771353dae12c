"""`python -m cuadre.sandbox.demo`, what `make demo` runs: everything started, three days run, shown, and stopped."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from cuadre.config import Source, load_source
from cuadre.marts.migrate import migrate as migrate_marts
from cuadre.model.errors import ConfigurationError, CuadreError
from cuadre.sandbox.demo import airflow, report, scenario
from cuadre.sandbox.demo.house import ROOT, House, occupied
from cuadre.sandbox.demo.processes import Processes
from cuadre.sandbox.demo.rest import Rest
from cuadre.sandbox.demo.scenario import Say
from cuadre.sandbox.keys import operator_key
from cuadre.sandbox.postgres import Postgres, running_postgres, stop_leftover
from cuadre.sandbox.provider import Provider, running_provider
from cuadre.sandbox.shop import open_shop

SOURCE_FILE = ROOT / "include" / "sources" / "pagoefectivo_pe.yaml"
HEALTH_PATIENCE = 180.0

out = Console(highlight=False, soft_wrap=True)


def _clock() -> Say:
    """What says what is going on, with the seconds since now."""
    started = time.monotonic()

    def say(sentence: str) -> None:
        out.print(f"[dim]{time.monotonic() - started:6.1f} s[/dim]  {sentence}")

    return say


def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit at the end; 0 only when all came out as planted.")] = False,
    port: Annotated[int | None, typer.Option(help="Port of the Airflow page; 8080, or a free one.")] = None,
    lines: Annotated[int, typer.Option(min=300, help="Settlement lines a day.")] = 3000,
    seed: Annotated[int, typer.Option(help="Another seed gives other days.")] = 1,
    folder: Annotated[Path, typer.Option(help="Where everything of the demo is kept.")] = ROOT / ".demo",
) -> None:
    """Three settlement days, from encrypted archives to marts, on real parts; Ctrl-C stops all that was started."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell may have made us deaf to the first
        signal.signal(number, _interrupted)
    house, say = House(folder.resolve()), _clock()
    try:
        _need_gnupg()
        with occupied(house):
            well = _run(house, say, once=once, port=port, lines=lines, seed=seed)
    except KeyboardInterrupt:
        say("Everything is stopped.")
        raise typer.Exit(0 if not once else 130) from None
    except CuadreError as error:
        out.print(str(error), style="red", markup=False)
        raise typer.Exit(2 if isinstance(error, ConfigurationError) else 1) from None
    say("Everything is stopped.")
    raise typer.Exit(0 if well else 1)


def _run(house: House, say: Say, *, once: bool, port: int | None, lines: int, seed: int) -> bool:
    processes = Processes(house.processes, house.logs)
    if processes.sweep() + stop_leftover(house.postgres):
        say("Stopped what a killed demo had left running")
    house.clear()
    ui = airflow.free_port(port, say)
    with running_postgres(house.postgres) as postgres, running_provider(house.served) as provider:
        say(f"PostgreSQL and the provider's SFTP server are up (127.0.0.1:{provider.port})")
        postgres.create("airflow", "warehouse")
        warehouse = postgres.url("warehouse")
        migrate_marts(warehouse)
        plain = load_source(SOURCE_FILE)
        open_shop(warehouse, plain)
        days = scenario.make_days(house, plain, now=datetime.now(UTC), lines=lines, seed=seed, say=say)
        source = _install_source(house, days.first.source)
        environment = _environment(house, postgres, provider, source, ui)
        with _running_airflow(house, processes, environment, say) as rest:
            story = scenario.Story(house, source, days, rest, warehouse, say, [])
            story.tell()
            well = _show(story)
            _addresses(house, postgres, rest)
            if not once:
                _wait_for_ctrl_c()
    return well


@contextmanager
def _running_airflow(house: House, processes: Processes, environment: dict[str, str], say: Say) -> Iterator[Rest]:
    rest = airflow.login(environment)
    started = time.monotonic()
    try:
        airflow.migrate(environment, house.logs / "migrate.log")
        say("Airflow's database is ready; starting api-server, scheduler, dag-processor and triggerer")
        airflow.start(processes, environment)
        airflow.wait_until_healthy(rest, processes, patience=HEALTH_PATIENCE, progress=_when_new(say))
        airflow.add_pools(rest, environment)
        say(f"Airflow is healthy, {time.monotonic() - started:.0f} s after its start: {rest.address}")
        yield rest
    finally:
        say("Stopping Airflow")
        processes.stop()


def _when_new(say: Say) -> Say:
    """Passes a sentence on only when it is not the one before."""
    last = ""

    def once(sentence: str) -> None:
        nonlocal last
        if sentence != last:
            say(last := sentence)

    return once


def _install_source(house: House, made: Path) -> Source:
    """The sandbox's source file, where the DAGs look for it."""
    target = house.sources / SOURCE_FILE.name
    shutil.copyfile(made, target)
    return load_source(target)


def _environment(house: House, postgres: Postgres, provider: Provider, source: Source, port: int) -> dict[str, str]:
    server = source.transport.server
    assert server is not None
    assert server.connection is not None
    assert source.warehouse.connection is not None
    sftp = {
        "conn_type": "sftp",
        "host": "127.0.0.1",
        "port": provider.port,
        "login": provider.username,
        "password": provider.password,
        "extra": {"host_key": provider.host_key},
    }
    warehouse = {
        "conn_type": "postgres",
        "login": "postgres",
        "password": postgres.password,
        "schema": "warehouse",
        "extra": {"host": str(postgres.socket)},
    }
    return airflow.settings(
        house.airflow,
        root=ROOT,
        port=port,
        database=postgres.url("airflow", "psycopg2"),
        extra={
            f"AIRFLOW_CONN_{server.connection.upper()}": json.dumps(sftp),
            f"AIRFLOW_CONN_{source.warehouse.connection.upper()}": json.dumps(warehouse),
            "CUADRE_SOURCES": str(house.sources),
            "CUADRE_STORE": str(house.store),
            "CUADRE_SCRATCH": str(house.scratch),
            "CUADRE_ALERTS": str(house.alerts),
            "CUADRE_OPERATOR_KEYRING": str(house.operator),
            "CUADRE_OPERATOR_KEY": operator_key(house.operator),
        },
    )


def _show(story: scenario.Story) -> bool:
    dates = story.days.dates
    verdicts = {
        day: report.compare(story.warehouse, story.source.source, day, answers)
        for day, answers in scenario.answers_of(story.days).items()
    }
    out.print()
    for table in (report.day_table, report.break_table, report.event_table):
        out.print(table(story.warehouse, story.source.source, dates))
    as_planted = report.show(out, dates, verdicts)
    proven = report.show_receipts(out, _receipts(story.house), story.house.store, story.house.operator)
    for sentence in story.wrong:
        out.print(sentence, style="red", markup=False)
    return as_planted and proven and not story.wrong


def _receipts(house: House) -> list[Path]:
    """The receipts of all publications, oldest day first."""
    return sorted((house.store / "lake").rglob("receipts/*.json"))


def _addresses(house: House, postgres: Postgres, rest: Rest) -> None:
    command = shlex.join(postgres.psql("warehouse"))
    house.psql.write_text(f'#!/bin/sh\nPGPASSFILE={shlex.quote(str(postgres.password_file))} exec {command} "$@"\n')
    house.psql.chmod(0o700)
    out.print(
        f"\nAirflow:    {rest.address}   user {rest.user}, password in {_short(house.airflow / 'passwords.json')}"
    )
    out.print(f"The marts:  {_short(house.psql)}   then, for example:  SELECT * FROM recon.recon_daily;")
    out.print(f"Incidents:  {_short(house.alerts)}")
    for receipt in _receipts(house)[:1]:
        out.print(f"A receipt:  cuadre receipt verify {_short(receipt)} --keyring {_short(house.operator)}")


def _short(path: Path) -> str:
    """As it is typed from the current folder, when that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)


def _wait_for_ctrl_c() -> None:
    out.print("\nUp until Ctrl-C.")
    while True:
        time.sleep(3600)


def _need_gnupg() -> None:
    if shutil.which("gpg") is None:
        raise ConfigurationError(
            "GnuPG is missing: install it (Debian: apt-get install gnupg; macOS: brew install gnupg)."
        )


def _interrupted(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    typer.run(demo)
