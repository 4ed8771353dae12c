"""The fee contract as SQL, against the same contract worked out with Python's decimals."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from cuadre.config import FeePlan
from cuadre.config.fees import fee_sql, tax_sql
from tests.fixtures.asked import asked

START = date(2026, 1, 1)
cents = (st.integers(200, 372_400) | st.integers(1, 10**14 - 1)).map(lambda n: Decimal(n) / 100)
rooms = st.integers(0, 372_400).map(lambda n: Decimal(n) / 100)
percents = st.just(Decimal(0)) | st.integers(100_000, 100_000_000).map(lambda n: Decimal(n) / 1_000_000)


def charged(plans: tuple[FeePlan, ...], gross: Decimal, **row: object) -> tuple[Decimal | None, Decimal | None]:
    values = {"currency": "PEN", "channel": "agent", "settlement_date": date(2026, 3, 4)} | row
    fee = fee_sql(plans)
    ((fee_found, tax_found),) = asked(
        f"WITH line AS (SELECT CAST(? AS DECIMAL(18,6)) AS gross, ? AS currency, ? AS channel,"
        f" CAST(? AS DATE) AS settlement_date), priced AS (SELECT *, {fee} AS fee FROM line)"
        f" SELECT fee, {tax_sql(plans, 'fee')} FROM priced",
        [gross, values["currency"], values["channel"], values["settlement_date"]],
    )
    return fee_found, tax_found


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cents, percents, cents, st.none() | rooms)
def test_every_plan_is_charged_to_the_cent(
    gross: Decimal, percent: Decimal, minimum: Decimal, room: Decimal | None
) -> None:
    cap = None if room is None else minimum + room
    plan = FeePlan(
        currency="PEN", valid_from=START, percent=percent, minimum=minimum, maximum=cap, tax_percent=Decimal(18)
    )
    cent = Decimal("0.01")
    fee = max((gross * percent / 100).quantize(cent, ROUND_HALF_UP), minimum)
    fee = fee if cap is None else min(fee, cap)
    tax = (fee * 18 / 100).quantize(cent, ROUND_HALF_UP)
    assert charged((plan,), gross) == (fee, tax)


def test_percent_is_percent_and_never_a_fraction() -> None:
    plan = FeePlan(currency="PEN", valid_from=START, percent=Decimal("3.99"), tax_percent=Decimal(18))
    assert charged((plan,), Decimal(100)) == (Decimal("3.99"), Decimal("0.72"))


def test_a_fixed_part_comes_on_top_before_rounding() -> None:
    plan = FeePlan(currency="PEN", valid_from=START, percent=Decimal("1"), fixed=Decimal("0.305"))
    assert charged((plan,), Decimal(10))[0] == Decimal("0.41")
    assert charged((plan,), Decimal(1_000_000))[0] == Decimal("10000.31")


def test_the_plan_of_the_day_applies_and_a_channels_own_plan_comes_first() -> None:
    old = FeePlan(currency="PEN", valid_from=START, valid_to=date(2026, 2, 28), percent=Decimal(5))
    new = FeePlan(currency="PEN", valid_from=date(2026, 3, 1), percent=Decimal(3))
    bank = FeePlan(currency="PEN", channel="bank", valid_from=date(2026, 3, 1), percent=Decimal(1))
    plans = (old, new, bank)
    assert charged(plans, Decimal(100), settlement_date=date(2026, 2, 28))[0] == 5
    assert charged(plans, Decimal(100), settlement_date=date(2026, 3, 1))[0] == 3
    assert charged(plans, Decimal(100), channel="bank")[0] == 1


def test_a_payment_no_plan_covers_has_no_contract_fee() -> None:
    plan = FeePlan(currency="PEN", valid_from=START, percent=Decimal(3))
    assert charged((plan,), Decimal(100), currency="USD") == (None, None)
    assert charged((), Decimal(100)) == (None, None)
