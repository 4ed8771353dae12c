"""Files that look right and are not: what they must never clear, whatever the source allows."""

from datetime import timedelta

import pytest

from tests.matching.declared import BASKET, PARTS, SOME, outcomes, over_days, owed, paid, source
from tests.matching.tiny import (
    NEXT_AS_OF,
    NEXT_DAY,
    PAID_AT,
    B,
    codes,
    give_back,
    inherited,
    run,
)

MOVED = [owed("o1", psp=None), owed("o2")]


@pytest.mark.parametrize("gross", ["0", "-1", "-2"])
def test_no_tolerance_makes_nothing_or_money_the_other_way_a_payment(tmp_path, gross):
    result = run(tmp_path, [paid(1, gross)], [owed("o1", "2")], source=source(tolerance={"PEN": "5"}))
    assert (result.outcome(1), codes(result.line(1))) == ("amount_mismatch", ["AMOUNT_DIFFERS"])


@pytest.mark.parametrize("operation", ["op1", None])
@pytest.mark.parametrize(("rule", "rest"), [(PARTS, None), (SOME, "40")])
def test_a_part_that_comes_twice_is_no_second_part(tmp_path, operation, rule, rest):
    gross = "30" if rest else "50"
    lines = [paid(1, gross, operation_reference=operation, archive_id=archive) for archive in ("a" * 64, B)]
    lines += [paid(3, rest)] if rest else []
    result = run(tmp_path, lines, [owed("o1")], source=source(rule))
    assert {row["outcome"] for row in result.rows} == {"duplicate"}


@pytest.mark.parametrize("numbers", [("op1", None), (None, "op1")])
@pytest.mark.parametrize(("rule", "rest"), [(PARTS, None), (SOME, "40")])
def test_a_part_that_comes_again_without_its_number_is_no_second_part(tmp_path, numbers, rule, rest):
    gross = "30" if rest else "50"
    lines = [paid(n, gross, operation_reference=number) for n, number in enumerate(numbers, 1)]
    lines += [paid(3, rest)] if rest else []
    result = run(tmp_path, lines, [owed("o1")], source=source(rule))
    assert {row["outcome"] for row in result.rows} == {"duplicate"}


def test_two_halves_of_two_moments_are_parts_although_one_has_no_number(tmp_path):
    lines = [paid(1, "50"), paid(2, "50", operation_reference=None, occurred_at=PAID_AT + timedelta(seconds=1))]
    result = run(tmp_path, lines, [owed("o1")], source=source(PARTS))
    assert {row["outcome"] for row in result.rows} == {"matched_with_variance"}


def test_a_part_in_a_file_that_is_sent_again_as_the_next_day_s_is_no_second_part(tmp_path):
    first = run(tmp_path / "1", [paid(1, "50")], [owed("o1")], source=source(PARTS))
    again = [paid(1, "50", archive_id=B, settlement_date=NEXT_DAY)]
    given = {"open_items": first.open_items, "day": NEXT_DAY, "as_of": NEXT_AS_OF}
    second = run(tmp_path / "2", again, [owed("o1")], source=source(PARTS), **given)
    assert {row["outcome"] for row in second.rows} == {"duplicate"}


def test_two_halves_of_one_moment_are_parts_when_their_operations_differ(tmp_path):
    result = run(tmp_path, [paid(1, "50"), paid(2, "50")], [owed("o1")], source=source(PARTS))
    assert {row["outcome"] for row in result.rows} == {"matched_with_variance"}


def test_payments_without_an_order_in_two_currencies_are_no_original(tmp_path):
    lines = [paid(1), paid(2, "500", currency="USD"), give_back(3, gross="-500", original_reference="c1")]
    assert run(tmp_path, lines, [], source=source()).outcome(3) == "unlinked"


@pytest.mark.parametrize("operation", ["op1", None], ids=["by its number", "by its moment"])
@pytest.mark.parametrize("moved", [MOVED, MOVED[1:]], ids=["both known", "the old one gone"])
def test_a_line_settled_before_clears_no_other_order_that_has_its_reference_by_now(tmp_path, moved, operation):
    copied = paid(1, operation_reference=operation)
    _, second = over_days(tmp_path, ([copied], [owed("o1")]), ([copied], moved))
    row = second.line(1, "1" * 64)
    assert (row["outcome"], row["order_id"], codes(row)) == ("duplicate", "o1", ["SETTLED_BEFORE"])
    assert second.order("o2")["outcome"] == "missing_in_settlement"


@pytest.mark.parametrize("numbers", [("op1", None), (None, "op1")])
def test_a_line_settled_before_clears_no_other_order_without_its_number_either(tmp_path, numbers):
    first, copied = (paid(1, operation_reference=number) for number in numbers)
    _, second = over_days(tmp_path, ([first], [owed("o1")]), ([copied], MOVED))
    row = second.line(1, "1" * 64)
    assert (row["outcome"], row["order_id"], codes(row)) == ("duplicate", "o1", ["SETTLED_BEFORE"])


def test_another_operation_under_a_reference_that_moved_pays_the_order_that_has_it(tmp_path):
    moved = [owed("o1", psp=None), owed("o2", due_at=None)]
    _, second = over_days(tmp_path, ([paid(1)], [owed("o1")]), ([paid(1, operation_reference="op9")], moved))
    assert (second.line(1, "1" * 64)["outcome"], second.line(1, "1" * 64)["order_id"]) == ("matched", "o2")


def test_a_line_that_paid_several_orders_pays_no_other_when_it_comes_again(tmp_path):
    together = [owed("o1", "60"), owed("o2", "40")]
    first = run(tmp_path / "1", [paid(1)], together, source=source(BASKET))
    given = {"claims": inherited([first]), "day": NEXT_DAY, "as_of": NEXT_AS_OF, "source": source(BASKET)}
    second = run(tmp_path / "2", [paid(1, archive_id=B, settlement_date=NEXT_DAY)], [owed("o3")], **given)
    row = second.line(1, B)
    assert (row["outcome"], row["order_id"], codes(row)) == ("duplicate", None, ["SETTLED_BEFORE"])


@pytest.mark.parametrize("days", [1, 2])
@pytest.mark.parametrize("operation", ["op1", None], ids=["by its number", "by its moment"])
def test_one_operation_pays_no_two_orders_though_it_names_both(tmp_path, operation, days):
    orders = [owed(name, psp=None) for name in ("o1", "o2")]
    lines = [paid(n, operation_reference=operation, merchant_reference=f"o{n}") for n in (1, 2)]
    if days == 1:
        (last,) = over_days(tmp_path, (lines, orders))
    else:
        last = over_days(tmp_path, (lines[:1], []), (lines[1:], orders))[1]
    assert {row["outcome"] for row in last.rows if row["archive_id"]} == {"duplicate"}


def test_an_edited_order_stays_open_whatever_line_points_at_it(tmp_path):
    edited = [owed("o1", status="CANCELLED"), owed("o2")]
    days = ([paid(1)], [owed("o1")]), ([], edited[:1]), ([paid(2)], edited)
    _, second, third = over_days(tmp_path, *days)
    assert [second.order("o1")["outcome"], third.order("o1")["outcome"]] == ["status_mismatch"] * 2
    assert third.line(2, "2" * 64)["outcome"] == "ambiguous"


@pytest.mark.parametrize("days", [1, 2])
@pytest.mark.parametrize("lacking", [(0,), (1,), (0, 1)], ids=["the first", "the second", "both"])
def test_one_operation_pays_no_two_orders_though_a_line_of_it_lacks_the_payment_s_reference(tmp_path, lacking, days):
    named = [paid(n, operation_reference="op1", merchant_reference=f"o{n}") for n in (1, 2)]
    lines = [each | {"psp_reference": None} if n in lacking else each for n, each in enumerate(named)]
    orders = [owed(name, psp=None) for name in ("o1", "o2")]
    if days == 1:
        (last,) = over_days(tmp_path, (lines, orders))
    else:
        last = over_days(tmp_path, (lines[:1], orders), (lines[1:], orders))[1]
    assert {row["outcome"] for row in last.rows if row["archive_id"]} == {"duplicate"}


def test_a_line_without_the_payment_s_reference_that_tells_of_what_another_clears_casts_doubt_on_both(tmp_path):
    lines = [paid(1, operation_reference="op1"), paid(2, psp=None, operation_reference="op1", merchant_reference="o2")]
    (result,) = over_days(tmp_path, (lines, [owed("o1"), owed("o2", psp=None)]))
    assert outcomes(result, 0) == ["duplicate", "duplicate"]


def test_two_payments_of_one_number_are_two_where_their_moments_differ(tmp_path):
    lines = [
        paid(n, psp=None, operation_reference="op1", merchant_reference=f"o{n}", occurred_at=PAID_AT + timedelta(n))
        for n in (1, 2)
    ]
    (result,) = over_days(tmp_path, (lines, [owed("o1", psp=None), owed("o2", psp=None)]))
    assert outcomes(result, 0) == ["matched", "matched"]


BY_ORDER = {"name": "by_order", "by": "merchant_reference", "group": "lines_to_order"}
NAMELESS = [owed("o1", psp=None), owed("o2", psp=None)]


@pytest.mark.parametrize("psp", ["c1", None])
@pytest.mark.parametrize("days", [1, 2])
def test_parts_of_one_operation_pay_no_two_orders(tmp_path, psp, days):
    lines = [
        paid(n, "50", psp="c1" if n < 3 else psp, operation_reference=f"op{n % 2}", merchant_reference=f"o{order}")
        for n, order in ((1, 1), (2, 1), (3, 2), (4, 2))
    ]
    history = [(lines, NAMELESS)] if days == 1 else [(lines[:2], NAMELESS), (lines[2:], NAMELESS)]
    last = over_days(tmp_path, *history, rules=source(BY_ORDER))[-1]
    assert {row["outcome"] for row in last.rows if row["archive_id"]} == {"duplicate"}


def test_one_operation_pays_no_two_baskets(tmp_path):
    other = {**BASKET, "name": "other", "by": "operation_reference"}
    orders = [owed(name, "50", psp=psp) for name, psp in (("o1", "c1"), ("o2", "c1"), ("o3", "op1"), ("o4", "op1"))]
    lines = [paid(1, operation_reference="op1"), paid(2, psp=None, operation_reference="op1")]
    (result,) = over_days(tmp_path, (lines, orders), rules=source(BASKET, other))
    assert not any(row["outcome"].startswith("matched") for row in result.rows)


@pytest.mark.parametrize("days", [1, 2])
def test_a_line_that_names_nothing_casts_no_doubt_on_one_that_does(tmp_path, days):
    nameless, whole = paid(1, psp=None, operation_reference="op1"), paid(2, operation_reference="op1")
    orders = [owed("o1", due_at=None)]
    history = [([nameless, whole], orders)] if days == 1 else [([nameless], []), ([whole], orders)]
    last = over_days(tmp_path, *history)[-1]
    assert (last.line(2, f"{days - 1}" * 64)["outcome"], last.line(1, "0" * 64)["outcome"]) == (
        "matched",
        "missing_in_orders",
    )


@pytest.mark.parametrize("other", [{"occurred_at": PAID_AT + timedelta(1)}, {"gross": "70"}], ids=["moment", "amount"])
def test_a_number_that_is_used_again_on_a_later_day_is_another_operation(tmp_path, other):
    lines = [
        paid(n, **{"psp": None, "operation_reference": "op1", "merchant_reference": f"o{n}", **given})
        for n, given in ((1, {}), (2, other))
    ]
    orders = [owed("o1", psp=None), owed("o2", psp=None, amount=other.get("gross", "100"), due_at=None)]
    _, last = over_days(tmp_path, (lines[:1], orders), (lines[1:], orders))
    assert outcomes(last, 1) == ["matched"]
