"""The command line as people script against it: what is printed where, and the exit codes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from rich.console import Console

import cuadre as product
from cuadre.cli.show import progress
from cuadre.sandbox.archive import SandboxDay
from cuadre.sandbox.keys import gnupg
from tests.fixtures.command import Done, cuadre
from tests.fixtures.openpgp import Gpg, Keys

Make = Callable[..., SandboxDay]


@pytest.fixture(scope="module")
def day(sandbox_day: Make) -> SandboxDay:
    return sandbox_day(300, breaks=0.1)


@pytest.fixture(scope="module")
def lines(day: SandboxDay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("admitted")
    done = cuadre("admit", day.archives[0], "--source", day.source, "--keyring", day.keyring, "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def reconcile(day: SandboxDay, lines: Path, out: Path, *more: object) -> Done:
    files = ("--lines", lines, "--orders", day.orders, "--source", day.source, "--out", out)
    return cuadre("reconcile", *files, "--as-of", day.as_of.isoformat(), *more)


def test_admit_prints_the_admission_record_and_nothing_else_on_standard_output(day: SandboxDay, tmp_path: Path) -> None:
    arguments = ("--source", day.source, "--keyring", day.keyring, "--out", tmp_path / "lines", "--json")
    done = cuadre("admit", day.archives[0], *arguments)
    record = json.loads(done.stdout)
    assert done.returncode == 0
    assert set(record) == {
        "verdict", "reason", "detail", "archive_id", "bytes", "shape", "signer", "signed_at", "members", "lines",
        "quarantined", "totals",
    }  # fmt: skip
    assert record["verdict"] == "admitted"
    assert record["archive_id"] == day.archive_ids[0]
    assert sum(total["count"] for total in record["totals"].values()) == record["lines"] == 300


def test_a_refused_archive_exits_with_3_still_prints_its_record_and_leaves_nothing(
    sandbox_day: Make, tmp_path: Path
) -> None:
    bad = sandbox_day(300, faults=("tampered",))
    arguments = ("--source", bad.source, "--keyring", bad.keyring, "--out", tmp_path / "lines", "--json")
    done = cuadre("admit", bad.archives[0], *arguments)
    record = json.loads(done.stdout)
    assert done.returncode == 3
    assert (record["verdict"], record["reason"], record["lines"]) == ("rejected", "TAMPERED", 0)
    assert not list(tmp_path.rglob("*.parquet"))
    assert "TAMPERED" in done.stderr


def test_check_passes_a_day_whose_breaks_are_results_and_names_every_expectation(day: SandboxDay, lines: Path) -> None:
    done = cuadre("check", lines, "--source", day.source, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert report["passed"] is True
    assert {result["check_name"] for result in report["results"]} >= {"net_adds_up", "fee_as_contract"}


def test_check_of_lines_that_do_not_add_up_exits_with_3(day: SandboxDay, lines: Path, tmp_path: Path) -> None:
    table = pq.read_table(lines)
    rows = table.to_pylist()
    rows[0]["net"] += 1
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), tmp_path / "lines.parquet")
    done = cuadre("check", tmp_path / "lines.parquet", "--source", day.source)
    assert done.returncode == 3
    assert "net_adds_up (1 of 300)" in done.stderr


def test_reconcile_leaves_outcomes_and_open_items_that_agree_with_the_answers(
    day: SandboxDay, lines: Path, tmp_path: Path
) -> None:
    done = reconcile(day, lines, tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["lines"] == 300
    assert {path.name for path in tmp_path.iterdir()} >= {"outcomes.parquet", "open_items.parquet"}

    def key(row: dict[str, object]) -> tuple[object, ...]:
        return (row["archive_id"], row["line_no"], None if row["archive_id"] else row["order_id"])

    answers = {key(row): row["outcome"] for row in pq.read_table(day.answers).to_pylist()}
    assert {key(row): row["outcome"] for row in pq.read_table(tmp_path / "outcomes.parquet").to_pylist()} == answers


def test_breaks_exit_with_4_only_when_asked_to(day: SandboxDay, lines: Path, tmp_path: Path) -> None:
    assert reconcile(day, lines, tmp_path / "asked", "--fail-on-breaks").returncode == 4


def test_a_moment_without_its_zone_is_wrong_usage(day: SandboxDay, lines: Path, tmp_path: Path) -> None:
    arguments = ("--lines", lines, "--orders", day.orders, "--source", day.source, "--out", tmp_path)
    done = cuadre("reconcile", *arguments, "--as-of", "2026-03-05T12:00:00")
    assert done.returncode == 2
    assert "zone" in done.stderr


def test_a_mistake_in_a_source_file_is_wrong_usage_and_says_where(day: SandboxDay, lines: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "source.yaml"
    wrong.write_text(day.source.read_text().replace("lag_days", "lag_dayz"))
    done = cuadre("check", lines, "--source", wrong)
    assert done.returncode == 2
    assert "source.yaml:" in done.stderr
    assert "lag_days" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_sandbox_lists_each_fault_with_its_code() -> None:
    done = cuadre("sandbox", "faults", "--json")
    codes = {fault["name"]: fault["code"] for fault in json.loads(done.stdout)}
    assert codes["tampered"] == "TAMPERED"
    assert codes["unsigned"] == "UNSIGNED"


def test_a_day_that_is_no_date_is_wrong_usage(tmp_path: Path) -> None:
    done = cuadre(
        "sandbox", "archive", "--source", "x", "--date", "today", "--lines", 1, "--seed", 1, "--out", tmp_path
    )
    assert done.returncode == 2


def test_the_key_ring_lists_our_keys_and_theirs(day: SandboxDay) -> None:
    done = cuadre("keyring", "list", "--keyring", day.keyring, "--json")
    keys = json.loads(done.stdout)
    assert {key["secret"] for key in keys} == {True, False}
    assert day.signer in {key["fingerprint"] for key in keys}


def test_an_import_shows_fingerprints_to_confirm_and_trusts_nothing(
    pgp_keys: Keys, day: SandboxDay, tmp_path: Path
) -> None:
    (tmp_path / "key.pgp").write_bytes(pgp_keys.provider.export("sender"))
    fingerprint = pgp_keys.fingerprints["sender"]
    arguments = ("keyring", "import", tmp_path / "key.pgp", "--keyring", tmp_path / "home")
    shown = cuadre(*arguments, "--source", day.source)
    assert shown.stdout.split()[0] == fingerprint
    assert " ".join(fingerprint[at : at + 4] for at in range(0, 40, 4)) in shown.stdout
    assert "nothing in pagoefectivo_pe" in shown.stdout
    assert "trusted by nothing yet" in shown.stderr
    (key,) = json.loads(cuadre(*arguments, "--json").stdout)
    assert (key["fingerprint"], key["secret"], key["named"]) == (fingerprint, False, [])


def test_an_import_says_what_the_source_names_already(day: SandboxDay, tmp_path: Path) -> None:
    with gnupg(day.keyring) as ring:
        (tmp_path / "key.pgp").write_bytes(ring.public(day.signer))
    arguments = ("keyring", "import", tmp_path / "key.pgp", "--source", day.source)
    assert "named as    signer, from 2020-01-01" in cuadre(*arguments).stdout
    (key,) = json.loads(cuadre(*arguments, "--json").stdout)
    assert [line["role"] for line in key["named"]] == ["signer"]
    assert cuadre(*arguments[:3]).returncode == 2


def test_a_check_ends_with_3_while_anything_is_due(day: SandboxDay, tmp_path: Path) -> None:
    arguments = ("keyring", "check", "--source")
    old = cuadre(*arguments, day.source, "--json")
    assert old.returncode == 3
    assert {(each["severity"], each["role"]) for each in json.loads(old.stdout)} == {
        ("critical", "signer"),
        ("critical", "decryption"),
    }
    assert "due for rotation" in " ".join(cuadre(*arguments, day.source).stdout.split())
    data = yaml.safe_load(day.source.read_text())
    data["trust"]["rotation"] = "P36500D"
    (tmp_path / "source.yaml").write_text(yaml.safe_dump(data))
    young = cuadre(*arguments, tmp_path / "source.yaml", "--keyring", day.keyring)
    assert (young.returncode, young.stdout) == (0, "")
    assert "Nothing is due" in young.stderr


def test_the_version_is_printed_as_text_or_as_json() -> None:
    done = subprocess.run([sys.executable, "-m", "cuadre.cli", "version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == product.__version__
    assert json.loads(cuadre("version", "--json").stdout) == {"version": product.__version__}


def test_the_bar_stands_where_the_reading_is() -> None:
    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=100)
    with progress("admitting", 200, console) as reached:
        reached(50)
        reached(100)
    assert " 50%" in terminal.getvalue()
    assert " 75%" not in terminal.getvalue()


@pytest.fixture(scope="module")
def guarded(pgp_keys: Keys) -> Iterator[Path]:
    """A key ring whose decryption key opens with a passphrase."""
    gpg = Gpg(pgp_keys.ours.home.parent / "locked")
    try:
        gpg("--import", data=pgp_keys.provider.export("sender"))
        gpg.make_key("locked", encrypts=True, passphrase="open sesame")
        pgp_keys.provider("--import", data=gpg.export("locked"))
        yield gpg.home
    finally:
        gpg.stop()


@pytest.mark.parametrize(
    ("reference", "environment", "opens"),
    [
        ("", {"CUADRE_PASSPHRASE": "open sesame"}, True),
        ("", {"CUADRE_PASSPHRASE": "shut"}, False),
        ("passphrase: {env: OURS}", {"OURS": "open sesame", "CUADRE_PASSPHRASE": "shut"}, True),
        ("passphrase: {env: OURS}", {"CUADRE_PASSPHRASE": "open sesame"}, False),
        ("passphrase: {connection: ours}", {"CUADRE_PASSPHRASE": "open sesame"}, True),
    ],
)
def test_the_passphrase_is_read_where_the_source_says_or_else_from_the_variable(
    pgp_keys: Keys, guarded: Path, tmp_path: Path, reference: str, environment: dict[str, str], opens: bool
) -> None:
    (tmp_path / "archive.pgp").write_bytes(pgp_keys.seal(b"no ZIP", to="locked"))
    text = (Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml").read_text(encoding="utf-8")
    text = text.replace("0" * 40, pgp_keys.fingerprints["sender"]).replace("trust:\n", f"trust:\n  {reference}\n")
    (tmp_path / "source.yaml").write_text(text, encoding="utf-8")
    arguments = ("--source", tmp_path / "source.yaml", "--keyring", guarded, "--out", tmp_path / "lines")
    done = cuadre("admit", tmp_path / "archive.pgp", *arguments, environment=environment)
    assert done.returncode == (3 if opens else 2)
    assert ("ARCHIVE_MALFORMED" in done.stderr) is opens
    assert "sesame" not in done.stdout + done.stderr


def test_an_empty_day_goes_down_the_line_like_any_other(sandbox_day: Make, tmp_path: Path) -> None:
    empty = sandbox_day(0)
    arguments = ("--source", empty.source, "--keyring", empty.keyring, "--out", tmp_path / "lines")
    assert cuadre("admit", empty.archives[0], *arguments).returncode == 0
    checked = cuadre("check", tmp_path / "lines", "--source", empty.source)
    assert checked.returncode == 0, checked.stderr
    done = reconcile(empty, tmp_path / "lines", tmp_path / "result", "--json")
    assert (done.returncode, json.loads(done.stdout)["lines"]) == (0, 0)
