"""The passes and the calendar of a source file: what may be declared, in which order, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from cuadre.config import load_source
from cuadre.config.calendar import Calendar
from cuadre.config.matching import BUILT_IN, Matching
from cuadre.model.errors import ConfigurationError
from tests.config.test_sources import EXAMPLE, changed


def test_a_source_that_says_nothing_has_the_built_in_passes() -> None:
    assert [each.name for each in load_source(EXAMPLE).matching.passes] == list(BUILT_IN)


def test_further_passes_are_read_with_their_settings(tmp_path: Path) -> None:
    text = """\
matching:
  passes:
    - psp_reference
    - merchant_reference
    - name: near
      by: psp_reference
      percent: "0.5"
      of: order
      date_lag: {from: 0, to: 3}
    - {name: parts, by: psp_reference, group: lines_to_order, subset_sum: {max_items: 6}}
    - merchant_reference_only
warehouse:"""
    matching = load_source(changed(tmp_path, "warehouse:", text)).matching
    near, parts = matching.further
    assert (str(near.percent), near.of, near.date_lag and (near.date_lag.first, near.date_lag.last)) == (
        "0.5", "order", (0, 3),
    )  # fmt: skip
    assert parts.subset_sum
    assert parts.subset_sum.max_items == 6
    assert Matching.model_validate(matching.model_dump(by_alias=True)) == matching


@pytest.mark.parametrize(
    ("passes", "key", "hint"),
    [
        ("[]", "matching.passes", "name at least psp_reference"),
        ("[psp_reference, psp_reference]", "matching.passes", "psp_reference is here twice"),
        ("[psp_reference, cip]", "matching.passes.1", "there is no pass 'cip'; built in are psp_reference, merchant_"),
        ("[merchant_reference, psp_reference]", "matching.passes", "psp_reference comes first"),
        ("[psp_reference, merchant_reference_only, merchant_reference]", "matching.passes", "_only comes last"),
        ("[psp_reference, {name: near, by: psp_reference, tolerance: 1}]", "matching.passes.1.tolerance", "date_lag"),
        ("[psp_reference, {name: near, percent: 1, of: line}]", "matching.passes.1", "nothing is paired without one"),
        ("[psp_reference, {name: near, by: psp_reference}]", "matching.passes.1", "say what it allows"),
        ("[psp_reference, {name: near, by: psp_reference, percent: 1}]", "matching.passes.1", "go together"),
        (
            "[psp_reference, {name: near, by: psp_reference, percent: 1, of: line, amount_tolerance: {PEN: 1}}]",
            "matching.passes.1", "not both",
        ),
        ("[psp_reference, {name: near, by: psp_reference, amount_tolerance: {PEN: -1}}]", "matching.passes", "greater"),
        ("[psp_reference, {name: near, by: psp_reference, amount_tolerance: {EUR: 1}}]", "the file", "EUR is not"),
        ("[psp_reference, {name: psp_reference, of: line}]", "matching.passes.1", "takes no settings"),
        ("[psp_reference, {name: original_reference, of: line}]", "matching.passes.1", "how returns find"),
        (
            "[psp_reference, {name: near, by: psp_reference, percent: 1, of: line}, merchant_reference]",
            "matching.passes", "come before further ones",
        ),
        (
            "[psp_reference, {name: late, by: psp_reference, date_lag: {from: 3, to: 0}}]",
            "matching.passes.1.date_lag", "lies before",
        ),
        (
            "[psp_reference, {name: late, by: psp_reference, date_lag: {from: 3, until: 4}}]",
            "matching.passes.1.date_lag.until", "allowed here: from, to",
        ),
        ("[psp_reference, {name: some, by: psp_reference, subset_sum: {max_items: 3}}]", "matching.passes.1", "group"),
        (
            "[psp_reference, {name: some, by: psp_reference, group: lines_to_order, subset_sum: {max_items: 13}}]",
            "matching.passes.1.subset_sum.max_items", "less than or equal to 12",
        ),
        (
            "[psp_reference, {name: basket, by: merchant_reference, group: orders_to_line}]",
            "matching.passes.1", "the id of one order",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_line_and_key(tmp_path: Path, passes: str, key: str, hint: str) -> None:
    path = changed(tmp_path, "warehouse:", f"matching:\n  passes: {passes}\nwarehouse:")
    with pytest.raises(ConfigurationError) as refused:
        load_source(path)
    sentences = [line for line in str(refused.value).splitlines() if f" {key}" in line]
    assert sentences
    assert hint in sentences[0]
    if key != "the file":
        number = int(sentences[0].removeprefix(f"{path}:").split(":", 1)[0])
        assert "passes" in path.read_text(encoding="utf-8").splitlines()[number - 1]


FRIDAY, SATURDAY, MONDAY, TUESDAY = (date(2026, 7, day) for day in (24, 25, 27, 28))
OFFICE = Calendar(weekend=("sat", "sun"), holidays=(TUESDAY,))


@pytest.mark.parametrize(
    ("day", "business_days", "then"),
    [
        (FRIDAY, 0, FRIDAY),
        (FRIDAY, 1, MONDAY),
        (FRIDAY, 2, date(2026, 7, 29)),
        (SATURDAY, 0, MONDAY),
        (SATURDAY, 1, MONDAY),
        (MONDAY, 1, date(2026, 7, 29)),
        (TUESDAY, 0, date(2026, 7, 29)),
    ],
)
def test_business_days_leave_weekends_and_holidays_out(day: date, business_days: int, then: date) -> None:
    assert OFFICE.after(day, business_days) == then


def test_without_a_calendar_every_day_counts() -> None:
    assert Calendar().plain
    assert Calendar().after(FRIDAY, 3) == MONDAY
    assert [number for _, number in OFFICE.days(FRIDAY, date(2026, 7, 29))] == [1, 1, 1, 2, 2, 3]


def test_a_week_without_a_business_day_is_refused() -> None:
    with pytest.raises(ValidationError, match="at most 6 items"):
        Calendar.model_validate({"weekend": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]})
