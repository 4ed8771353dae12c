"""A sandbox day looks like a provider's: it adds up, follows contract and calendar, and comes again by its seed."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cuadre.config import Source, load_source
from cuadre.model.arrow import arrow_schema
from cuadre.model.columns import ANSWERS, BANK_CREDITS, ORDERS
from cuadre.model.errors import ConfigurationError
from cuadre.sandbox.archive import SandboxDay, make_archive
from tests.fixtures.sandbox import DAY
from tests.sandbox.opening import Record, body, member, trailers

Make = Callable[..., SandboxDay]
CENT = Decimal("0.01")


def money(record: Record) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Gross, fee, tax and net of a record."""
    gross, fee, tax, net = (Decimal(record[name]) for name in ("gross", "fee", "igv", "net"))
    return gross, fee, tax, net


@pytest.mark.parametrize("lines", [2, 19, 20, 99, 100, 300, 2000])
@pytest.mark.parametrize("breaks", [0.0, 0.3])
def test_there_are_exactly_as_many_lines_as_asked_for(sandbox_day: Make, lines: int, breaks: float) -> None:
    assert len(body(sandbox_day(lines, breaks=breaks))) == lines


@pytest.mark.parametrize("breaks", [0.0, 0.3])
def test_net_is_gross_less_fee_and_tax_and_every_batch_and_currency_comes_to_zero(
    sandbox_day: Make, breaks: float
) -> None:
    left: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for record in body(sandbox_day(2000, breaks=breaks)):
        gross, fee, tax, net = money(record)
        assert net == gross - fee - tax
        assert fee >= 0 <= tax
        left[record["batch"], record["currency"]] += net

    assert len(left) == 16
    assert set(left.values()) == {Decimal(0)}


def test_trailers_hold_the_sums_of_their_currency_payouts_included(sandbox_day: Make) -> None:
    day = sandbox_day(2000, breaks=0.3)
    sums: dict[str, list[Decimal]] = {currency: [Decimal(0)] * 5 for currency in ("PEN", "USD")}
    for record in body(day):
        sums[record["currency"]] = [a + b for a, b in zip(sums[record["currency"]], (1, *money(record)), strict=True)]

    assert trailers(day) == {currency: tuple(values) for currency, values in sums.items()}


def test_an_empty_day_has_a_header_and_trailers_of_zeros(sandbox_day: Make) -> None:
    day = sandbox_day(0)

    assert member(day)[0][:3] == ["HEADER", "pagoefectivo/1", "30145"]
    assert body(day) == []
    assert trailers(day) == {"PEN": (0, 0, 0, 0, 0), "USD": (0, 0, 0, 0, 0)}
    assert pq.read_table(day.answers).num_rows == 0


def test_the_header_names_the_local_day_and_every_payment_falls_into_it(sandbox_day: Make) -> None:
    day = sandbox_day(2000)
    header = member(day)[0]

    assert header[3:] == ["2026-03-04T00:00:00-05:00", "2026-03-05T00:00:00-05:00", "1", "1", "0"]
    moments = [r["paid_at"] for r in body(day)]
    assert all(header[3] <= moment < header[4] for moment in moments)
    hours = Counter(moment[11:13] for moment in moments)
    assert min(hours[h] for h in ("12", "13", "18", "19", "20")) > max(hours[h] for h in ("02", "03", "07", "22"))


def test_a_clean_day_charges_the_contract_and_keeps_to_the_limits(sandbox_day: Make) -> None:
    payments = [r for r in body(sandbox_day(2000)) if r["type"] == "PAYMENT"]

    for record in payments:
        gross, fee, tax, _ = money(record)
        minimum = Decimal("3.50") if record["currency"] == "PEN" else Decimal("0.95")
        assert fee == max(minimum, (gross * Decimal("0.0399")).quantize(CENT, ROUND_HALF_UP))
        assert tax == (fee * Decimal("0.18")).quantize(CENT, ROUND_HALF_UP)
        least, most = (2, 3724) if record["currency"] == "PEN" else (1, 1000)
        assert least <= gross <= most
    share = sum(r["currency"] == "PEN" for r in payments) / len(payments)
    assert 0.88 < share < 0.96
    assert {r["channel"] for r in payments} == {"agent", "bank", "wallet"}


def test_every_type_the_provider_sends_turns_up_on_a_clean_day(sandbox_day: Make) -> None:
    types = {record["type"] for record in body(sandbox_day(20_000))}

    assert types == {
        *("PAYMENT", "REFUND", "REVERSAL", "CHARGEBACK", "CHARGEBACK_REVERSAL"),
        *("FEE", "ADJUSTMENT", "ROUNDING", "PAYOUT"),
    }


def test_what_lies_beside_the_archive_has_the_canonical_schema(sandbox_day: Make) -> None:
    day = sandbox_day(300, breaks=0.1)

    for path, table in ((day.orders, ORDERS), (day.bank_credits, BANK_CREDITS), (day.answers, ANSWERS)):
        assert pq.read_schema(path).equals(arrow_schema(table)), path.name
    assert not any("@" in str(value) for row in pq.read_table(day.orders).to_pylist() for value in row.values())


def test_the_bank_credits_every_payout_on_the_next_day(sandbox_day: Make) -> None:
    day = sandbox_day(2000)
    credits = {(c["reference"], c["currency"]): c for c in pq.read_table(day.bank_credits).to_pylist()}
    payouts = {(r["batch"], r["currency"]): -Decimal(r["gross"]) for r in body(day) if r["type"] == "PAYOUT"}

    assert {key: credit["amount"] for key, credit in credits.items()} == payouts
    assert {credit["value_date"] for credit in credits.values()} == {DAY + timedelta(days=1)}


def test_the_source_file_is_the_given_one_but_for_the_keys(sandbox_day: Make, sandbox_source: Source) -> None:
    day = sandbox_day(300)
    made = load_source(day.source)

    assert made.model_copy(update={"trust": sandbox_source.trust}) == sandbox_source
    assert [signer.fingerprint for signer in made.trust.signers] == [day.signer]
    assert made.trust.keyring.folder == str(day.keyring)


def test_the_receiver_never_holds_the_senders_secret_key(sandbox_day: Make) -> None:
    day = sandbox_day(300)
    ours, theirs = (
        {key.name for key in (home / "private-keys-v1.d").iterdir()}
        for home in (day.keyring, day.keyring.parent / "provider")
    )

    assert ours
    assert theirs
    assert not ours & theirs
    assert (day.keyring.stat().st_mode & 0o777, (day.keyring.parent / "provider").stat().st_mode & 0o777) == (
        0o700,
        0o700,
    )


def test_the_same_seed_gives_the_same_day_and_another_seed_another(tmp_path: Path, sandbox_source: Source) -> None:
    def day(name: str, seed: int) -> tuple[object, ...]:
        made = make_archive(sandbox_source, DAY, lines=500, seed=seed, out=tmp_path / name, breaks=0.1)
        answers = pq.read_table(made.answers).drop_columns(["archive_id"])
        return member(made), pq.read_table(made.orders), pq.read_table(made.bank_credits), answers, made.planted

    first = day("a", 7)
    assert day("b", 7) == first
    assert day("c", 8)[0] != first[0]


def test_parts_share_a_day_and_each_of_them_balances(sandbox_day: Make) -> None:
    day = sandbox_day(2000, parts=3)
    whole = sandbox_day(2000)

    assert [path.name for path in day.archives] == [f"pe_settlement_30145_20260304_0{n}of03.zip.pgp" for n in (1, 2, 3)]
    assert [member(day, n)[0][5:7] for n in (1, 2, 3)] == [["1", "3"], ["2", "3"], ["3", "3"]]
    assert [r for n in (1, 2, 3) for r in body(day, n)] == body(whole)
    for n in (1, 2, 3):
        assert {sums[4] for sums in trailers(day, n).values()} == {Decimal(0)}
    lines = [(a["archive_id"], a["line_no"]) for a in pq.read_table(day.answers).to_pylist() if a["line_no"]]
    assert sorted(lines) == sorted(
        (a, n + 1) for part, a in enumerate(day.archive_ids, 1) for n in range(len(body(day, part)))
    )


def test_it_is_signed_in_the_night_after_and_never_in_the_future(tmp_path: Path, sandbox_source: Source) -> None:
    from cuadre.pipeline.admit import admit

    past = make_archive(sandbox_source, DAY, lines=30, seed=1, out=tmp_path / "past")
    ahead = make_archive(sandbox_source, date(2090, 1, 1), lines=30, seed=1, out=tmp_path / "ahead")
    now = datetime.now(UTC)
    signed = [
        admit(day.archives[0], load_source(day.source), keyring=day.keyring, out=tmp_path / "out", now=now).signed_at
        for day in (past, ahead)
    ]

    assert signed[0] == datetime(2026, 3, 5, 8, tzinfo=UTC)
    assert signed[1] is not None
    assert signed[1] <= now


@pytest.mark.parametrize(("lines", "breaks"), [(1, 0.01), (300, 0.51), (300, -0.1)])
def test_what_cannot_be_made_is_said(
    tmp_path: Path, sandbox_source: Source, lines: int, breaks: float, sandbox_keys_folder: Path
) -> None:
    with pytest.raises(ConfigurationError):
        make_archive(sandbox_source, DAY, lines=lines, breaks=breaks, seed=1, out=tmp_path, keys=sandbox_keys_folder)


def test_fifty_thousand_lines_take_a_moment(tmp_path: Path, sandbox_source: Source, sandbox_keys_folder: Path) -> None:
    said: list[str] = []
    started = time.process_time()
    made = make_archive(
        sandbox_source, DAY, lines=50_000, seed=1, out=tmp_path, keys=sandbox_keys_folder, progress=said.append
    )

    assert time.process_time() - started < 10
    assert made.lines == 50_000
    assert said[0] == "Making keys"
    assert said[-1] == "Writing the answers"
