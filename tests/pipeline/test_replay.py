"""Replay: past days under other rules, in a scratch place; the lake, the journal and the warehouse stay as they are."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest
import yaml

from cuadre.config import Source, load_source
from cuadre.config.secrets import folder_of
from cuadre.model.digests import sha256_of
from cuadre.model.errors import ArchiveRejected, Refusal, StoreDamaged
from cuadre.pipeline.replay import Reopening, Replay, replay
from cuadre.sandbox.archive import SandboxDay
from tests.fixtures.command import Done, cuadre
from tests.pipeline.conftest import House

Days = list[SandboxDay]


def rules(here: House, **changes: dict[str, object]) -> Source:
    """The house's source file with some keys of its sections set otherwise."""
    data = yaml.safe_load(here.source_file.read_text())
    for section, values in changes.items():
        data.setdefault(section, {}).update(values)
    other = here.root / "other.yaml"
    other.write_text(yaml.safe_dump(data))
    return load_source(other)


def replayed(here: House, under: Source, days: Days, reopening: Reopening | None = None) -> Replay:
    return replay(here.work, under, days[0].day, days[-1].day, reopening=reopening)


@pytest.fixture(scope="module")
def widened(past: House, past_days: Days) -> Replay:
    """The past days under a tolerance that nothing exceeds."""
    return replayed(past, wide_rules(past), past_days)


def wide_rules(here: House) -> Source:
    return rules(here, settlement={"tolerance": dict.fromkeys(here.source.currencies, "1000000")})


def kept(here: House) -> dict[str, str]:
    """Everything the house keeps, by its hash."""
    files = [path for path in here.root.rglob("*") if path.is_file() and path.name != "other.yaml"]
    return {str(path): sha256_of(path) for path in files}


@pytest.mark.parametrize("reopened", [False, True], ids=["lines", "archives"])
def test_unchanged_rules_flip_nothing_with_carried_items_and_claims(
    past: House, past_days: Days, reopened: bool
) -> None:
    here, before = past, kept(past)
    reopening = Reopening(folder_of(here.source.trust.keyring)) if reopened else None
    found = replayed(here, here.source, past_days, reopening)
    assert (found.flips, found.changed, found.totals) == ((), (), ())
    assert found.days == tuple(made.day for made in past_days)
    items = [here.lake.read(here.lake.day(made.day))["report"]["items"] for made in past_days]
    assert found.rows == sum(items)
    assert kept(here) == before
    assert list(here.work.scratch.iterdir()) == []


def test_a_wider_tolerance_flips_amount_mismatches_with_their_money_and_says_on_which_days(widened: Replay) -> None:
    cleared = [each for each in widened.flips if each.outcomes == ("amount_mismatch", "matched_with_variance")]
    assert cleared
    assert {each.settlement_date for each in widened.flips} == set(widened.days)
    for each in cleared:
        assert each.was is not None
        assert each.now is not None
        assert "AMOUNT_DIFFERS" in {reason.code for reason in each.was.reasons}
        assert "AMOUNT_WITHIN_TOLERANCE" in {reason.code for reason in each.now.reasons}
        assert (each.was.at_risk > 0, each.now.at_risk) == (True, Decimal(0))
    for total in widened.totals:
        kind = (total.was, total.now, total.currency)
        alike = [each for each in widened.flips if (*each.outcomes, each.currency) == kind]
        assert (total.count, total.money) == (len(alike), sum(each.money for each in alike))
    assert sum(total.count for total in widened.totals) == len(widened.flips)


def test_what_the_new_rules_clear_does_not_come_up_again_on_the_next_day(widened: Replay) -> None:
    first = widened.days[0]
    cleared = {each.item_id for each in widened.flips if each.settlement_date == first and each.now}
    later = [each for each in widened.flips if each.settlement_date > first and each.item_id in cleared]
    assert later
    assert {each.now for each in later} == {None}


def test_another_fee_contract_changes_reasons_and_makes_variances_of_matches(past: House, past_days: Days) -> None:
    here = past
    data = yaml.safe_load(here.source_file.read_text())
    for plan in data["fees"]:
        plan["percent"] = "9.99"
    other = here.root / "other.yaml"
    other.write_text(yaml.safe_dump(data))
    found = replayed(here, load_source(other), past_days[:1])
    flips = {each.outcomes for each in found.flips}
    assert ("matched", "matched_with_variance") in flips
    codes = {reason.code for each in found.changed if each.now for reason in each.now.reasons}
    assert "FEE_DIFFERS" in codes


def test_archives_that_the_new_rules_would_refuse_are_refused_by_name(past: House, past_days: Days) -> None:
    here = past
    stricter = rules(here, limits={"max_plaintext_bytes": 100})
    with pytest.raises(ArchiveRejected, match=r"\.pgp: "):
        replayed(here, stricter, past_days, Reopening(folder_of(here.source.trust.keyring)))
    assert list(here.work.scratch.iterdir()) == []


def test_days_nobody_reconciled_are_refused_with_what_was_searched(past: House, past_days: Days) -> None:
    long_ago = past_days[0].day - timedelta(days=100)
    with pytest.raises(Refusal, match=f"no reconciled day from {long_ago} to {long_ago}"):
        replay(past.work, past.source, long_ago, long_ago)


def test_a_snapshot_altered_in_the_store_is_not_replayed(past: House, past_days: Days) -> None:
    here = past
    orders = here.lake.store.get(here.lake.read(here.lake.day(past_days[0].day))["files"]["orders"]["key"])
    genuine = orders.read_bytes()
    orders.chmod(0o600)
    try:
        orders.write_bytes(genuine[:-1] + bytes([genuine[-1] ^ 1]))
        with pytest.raises(StoreDamaged, match="orders"):
            replayed(here, here.source, past_days)
    finally:
        orders.write_bytes(genuine)
        orders.chmod(0o400)


def command(here: House, days: Days, *more: object) -> Done:
    store = {"CUADRE_STORE": str(here.root / "store"), "CUADRE_SCRATCH": str(here.root / "scratch")}
    return cuadre("replay", "--from", days[0].day, "--to", days[-1].day, *more, environment=store)


def test_the_command_shows_flips_by_kind_with_money_and_leaves_the_house_as_it_was(
    past: House, past_days: Days
) -> None:
    here, day, before = past, past_days[:1], kept(past)
    wide_rules(here)
    other = ("--source", here.root / "other.yaml")
    done = command(here, day, *other, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert set(said) == {"source", "days", "rows", "flips", "changed", "totals"}
    assert {(each["was"], each["now"]) for each in said["totals"]} >= {("amount_mismatch", "matched_with_variance")}
    first = said["flips"][0]
    assert set(first) == {
        "settlement_date", "item_id", "archive_id", "line_no", "currency", "money", "was", "now",
    }  # fmt: skip
    assert Decimal(first["money"]) > 0
    shown = command(here, day, *other)
    assert "amount_mismatch" in shown.stdout
    assert "→ matched_with_variance" in shown.stdout
    assert f"{len(said['flips']):,} flips. Nothing was published." in shown.stderr
    assert kept(here) == before


def test_the_command_takes_the_only_source_there_is_and_refuses_days_that_are_not_there(
    past: House, past_days: Days
) -> None:
    here = past
    place = {"CUADRE_STORE": str(here.root / "store"), "CUADRE_SOURCES": str(here.source_file.parent)}
    place["CUADRE_SCRATCH"] = str(here.root / "scratch")
    one = cuadre("replay", "--from", past_days[0].day, "--to", past_days[0].day, "--from-archives", environment=place)
    assert (one.returncode, "no outcome flips" in one.stdout) == (0, True)
    none = cuadre("replay", "--from", "2020-01-01", "--to", "2020-01-31", environment=place)
    assert none.returncode == 3
    assert "no reconciled day from 2020-01-01 to 2020-01-31" in none.stderr
    backwards = cuadre("replay", "--from", past_days[1].day, "--to", past_days[0].day, environment=place)
    assert backwards.returncode == 2


def test_a_disk_that_is_full_is_the_systems_own_sentence(past: House, past_days: Days) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    at = ["--from", past_days[0].day, "--to", past_days[-1].day, "--source", past.source_file]
    done = subprocess.run(
        [sys.executable, "-m", "cuadre.cli", "replay", *map(str, at), "--store", str(past.root / "store")],
        env={**os.environ, "CUADRE_SCRATCH": str(past.work.scratch)},
        capture_output=True, text=True, check=False, timeout=120, preexec_fn=small,
    )  # fmt: skip
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)
    assert list(past.work.scratch.iterdir()) == []
