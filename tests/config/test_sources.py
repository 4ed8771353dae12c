"""Source files: what is refused, where the mistake is said to be, and what the times and names mean."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from cuadre.config import Source, load_source, load_sources
from cuadre.model.errors import ConfigurationError

EXAMPLE = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "source.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_example_is_valid_and_believes_nobody_yet() -> None:
    source = load_source(EXAMPLE)
    assert source.source == EXAMPLE.stem
    assert [signer.fingerprint for signer in source.trust.signers] == ["0" * 40]


@pytest.mark.parametrize(
    ("old", "new", "key", "hint"),
    [
        ("lag_days: 1", "lag_dayz: 1", "settlement.lag_dayz", "allowed here: lag_days, calendar, tolerance"),
        ("owner: payments", "owner: payments\npassword: x", "password", "unknown key"),
        ("lag_days: 1", "lag_days: -1", "settlement.lag_days", "greater than or equal to 0"),
        ("America/Lima", "America/Limo", "timezone", "IANA"),
        ('break_percent: "1"', 'break_percent: "101"', "thresholds.break_percent", "less than or equal to 100"),
        ("orders: {table: shop.orders", 'orders: {table: "shop.orders; drop"', "orders.table", "match pattern"),
        ('fingerprint: "0000', 'fingerprint: "0x00', "trust.keys.0.fingerprint", "match pattern"),
        ("warehouse: {connection: cuadre_warehouse}", "warehouse: {}", "warehouse", "exactly one of"),
        ("{env: CUADRE_KEYRING}", "{env: A, folder: b}", "trust.keyring", "exactly one of"),
        ("currencies: [PEN, USD]", "currencies: [PEN]", "the file", "USD is not among `currencies`"),
        ("profile: pagoefectivo/1", "profile: pagoefectivo/2", "profile", "pagoefectivo/1"),
        ("merchant: ", "merchants: ", "merchant", "is missing"),
        ("_{date:%Y%m%d}", "", "transport.pattern", "must name the day"),
        ("{date:%Y%m%d}", "{date:%m%d}", "transport.pattern", "does not name one day; use %Y"),
        ("{seq}of{parts}", "{seq}of{seq}", "transport.pattern", "{seq} is here 2 times"),
        ("{seq}of{parts}", "{seq}", "transport.pattern", "go together"),
        ("pe_settlement", "../pe_settlement", "transport.pattern", "a file name has only"),
        ('cut_off: "10:00"', "cut_off: 10:00", "schedule.cut_off", "in quotes"),
        ('as_of: "07:00"', 'as_of: "07:00-05:00"', "schedule.as_of", "without a zone"),
        ("schedule:", "schedule:\n  poll: 0", "schedule.poll", "greater than or equal to 1 second"),
        ("schedule:", "schedule:\n  cron: 0 99 * * *\nschedules:", "schedule.cron", "0 4 * * *"),
        ('cron: "0 4 * * *"', 'cron: "0 4 * * 1-5"', "schedule.cron", "of every day"),
        ('cron: "0 4 * * *"', 'cron: "*/5 4 * * *"', "schedule.cron", "of every day"),
        ("{seq}of", "{sequence}of", "transport.pattern", "unknown token {sequence}; allowed are {merchant}"),
        ("trust:", "trust:\n  digests: [SHA256, SHA257]", "trust.digests.1", "'SHA257'; known are MD5, SHA1"),
        (
            "fees:",
            'fees:\n  - {currency: PEN, valid_from: 2026-07-01, percent: "4"}',
            "fees",
            "hold on 2026-07-01: end one",
        ),
        ("trust:", "trust:\n  digests: []", "trust.digests", "at least 1 item"),
        ("trust:", "trust:\n  ciphers: [AES-256]", "trust.ciphers.0", "AES256"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_key_with_what_is_allowed(
    tmp_path: Path, old: str, new: str, key: str, hint: str
) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(ConfigurationError) as refused:
        load_source(path)
    sentence = next(line for line in str(refused.value).splitlines() if f" {key}: " in line)
    assert hint in sentence
    number = int(sentence.removeprefix(f"{path}:").split(":", 1)[0])
    if key not in ("the file", "merchant"):
        assert key.rsplit(".", 1)[-1].strip("0123456789") in path.read_text(encoding="utf-8").splitlines()[number - 1]


def test_several_mistakes_are_all_named_at_once(tmp_path: Path) -> None:
    path = changed(tmp_path, "lag_days: 1", "lag_days: none\n  extra: 1")
    with pytest.raises(ConfigurationError) as refused:
        load_source(path)
    assert len(str(refused.value).splitlines()) == 2


def test_broken_yaml_and_a_missing_file_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("source: [", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"broken\.yaml:\d+: not valid YAML"):
        load_source(tmp_path / "broken.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_source(tmp_path / "missing.yaml")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("owner: payments", "owner: payments\nowner: others", "the key 'owner' is here twice"),
        ("lag_days: 1", "lag_days: 1\n  lag_days: 30", "the key 'lag_days' is here twice"),
        ("owner: payments", "owner: &a payments\ndescription: *a", "aliases are not allowed"),
    ],
)
def test_what_yaml_would_take_in_two_ways_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"source\.yaml:\d+: not valid YAML: {problem}"):
        load_source(changed(tmp_path, old, new))


@pytest.mark.parametrize("text", ["[" * 3000 + "]" * 3000, "source: 2026-02-30", "source: " + "9" * 5000])
def test_a_value_beyond_reading_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "source.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_source(path)


def source_with(**changes: object) -> Source:
    return Source.model_validate({**yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")), **changes})


def test_two_fee_plans_for_the_same_payments_are_refused_and_one_after_the_other_is_not() -> None:
    old = {"currency": "PEN", "valid_from": "2026-01-01", "percent": "3.99"}
    new = {"currency": "PEN", "valid_from": "2026-07-01", "percent": "4.10"}
    with pytest.raises(ValidationError, match="two fee plans for PEN, channel \\*, hold on 2026-07-01"):
        source_with(fees=[old, new])
    assert len(source_with(fees=[old | {"valid_to": "2026-06-30"}, new]).fees) == 2
    assert len(source_with(fees=[old, new | {"channel": "BCP"}]).fees) == 2


@pytest.mark.parametrize(
    "wrong", [{"valid_to": "2025-12-31"}, {"minimum": "5", "maximum": "1"}], ids=["ends first", "no room"]
)
def test_a_fee_plan_nothing_can_fulfil_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"fees\.0"):
        source_with(fees=[{"currency": "PEN", "valid_from": "2026-01-01", "percent": "3.99", **wrong}])


@pytest.mark.parametrize("name", ["percent", "tax_percent"])
def test_a_fraction_where_percent_is_meant_is_refused_and_nothing_at_all_is_not(name: str) -> None:
    plan = {"currency": "PEN", "valid_from": "2026-01-01", "percent": "3.99", "tax_percent": "18"}
    with pytest.raises(ValidationError, match=r"percent is percent: 3\.99 means 3\.99 %"):
        source_with(fees=[plan | {name: "0.0399"}])
    assert [len(source_with(fees=[plan | {name: value}]).fees) for value in ("0", "0.1")] == [1, 1]


def test_amount_limits_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValidationError, match="the lower amount of PEN comes first"):
        source_with(limits={"amounts": {"PEN": ["3724", "2"]}})


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- a\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="mapping"):
        load_source(tmp_path / "list.yaml")


def test_one_name_for_two_sources_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="used twice"):
        load_sources(tmp_path)


def test_a_day_is_judged_at_noon_utc_of_the_day_after_in_lima() -> None:
    source = load_source(EXAMPLE)
    assert source.as_of(date(2026, 3, 4)).astimezone(UTC) == datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert source.cut_off(date(2026, 12, 31)).astimezone(UTC) == datetime(2027, 1, 1, 15, tzinfo=UTC)


def test_the_example_holds_no_secret() -> None:
    data = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    assert set(data["transport"]["server"]) == {"connection"}
    assert set(data["warehouse"]) == {"connection"}
