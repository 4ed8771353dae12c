"""What may be said of exchanged payments in a source file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from cuadre.config import Source
from cuadre.config.exchange import Exchange
from cuadre.sandbox.scenarios.story import SOURCE

RATES = {"USD": {"PEN": ["3.20", "4.20"]}}


def test_half_a_percent_and_no_rate_are_believed_where_nothing_is_said() -> None:
    settlement = type(SOURCE.settlement).model_validate({"lag_days": 1})
    assert settlement.exchange == Exchange(percent=Decimal("0.5"), rates={})


def test_rates_are_by_the_currency_paid_in_and_the_one_settled_in() -> None:
    believed = Exchange.model_validate({"percent": "0.1", "rates": RATES}).rates
    assert believed == {"USD": {"PEN": (Decimal("3.20"), Decimal("4.20"))}}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"percent": "-1"}, "greater than or equal to 0"),
        ({"percent": "101"}, "less than or equal to 100"),
        ({"rates": {"USD": {"PEN": ["4.20", "3.20"]}}}, "the lower rate of USD in PEN comes first"),
        ({"rates": {"USD": {"PEN": ["0", "3.20"]}}}, "greater than 0"),
        ({"rates": {"USD": {"PEN": ["3.1234567", "3.20"]}}}, "no more than 6 decimal places"),
        ({"rates": {"USD": {"PEN": ["3.20"]}}}, "Field required"),
        ({"rates": {"USD": {"USD": ["1", "1"]}}}, "USD is not exchanged for itself"),
        ({"rates": {"usd": {"PEN": ["3.20", "4.20"]}}}, "pattern"),
        ({"rates": {"USD": {}}}, "at least 1 item"),
        ({"tolerance": "1"}, "Extra inputs"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Exchange.model_validate(given)


def test_what_is_settled_in_has_to_be_a_currency_of_the_source() -> None:
    data = SOURCE.model_dump(mode="json", exclude_unset=True)
    data["settlement"]["exchange"] = {"rates": {"USD": {"CLP": ["900", "1000"]}}}
    with pytest.raises(ValidationError, match="CLP is not among `currencies`"):
        Source.model_validate(data)
