"""Returns that look right and are not: what they must never give back, on one day or over days."""

from datetime import timedelta

import pytest

from tests.matching.declared import gave, outcomes, over_days, owed, paid, source
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

REVERSED = [owed("o1", status="REVERSED")]


@pytest.mark.parametrize("line_type", ["REFUND", "REVERSAL", "CHARGEBACK"])
def test_a_return_that_goes_the_other_way_than_its_type_says_is_wrong(tmp_path, line_type):
    lines = [paid(1), give_back(2, line_type, gross="50", original_reference="c1")]
    result = run(tmp_path, lines, [owed("o1")], source=source())
    assert (result.outcome(2), codes(result.line(2))) == ("amount_mismatch", ["AMOUNT_DIFFERS"])


def test_a_chargeback_that_is_won_back_the_wrong_way_makes_no_room_for_a_refund(tmp_path):
    lines = [
        paid(1),
        give_back(2, "CHARGEBACK", original_reference="c1"),
        give_back(3, "CHARGEBACK_REVERSAL", gross="-100", original_reference="c1"),
        give_back(4, original_reference="c1"),
    ]
    result = run(tmp_path, lines, [owed("o1", status="REVERSED")], source=source())
    assert [result.outcome(n) for n in (2, 3, 4)] == ["amount_mismatch"] * 3


def test_a_refund_exceeds_a_payment_that_was_less_than_its_order_asks_for(tmp_path):
    lines = [paid(1, "50"), give_back(2, gross="-80", original_reference="c1")]
    result = run(tmp_path, lines, [owed("o1")], source=source())
    assert (result.outcome(2), result.line(2)["delta"]) == ("amount_mismatch", -30)


def test_a_refund_has_to_be_in_the_currency_of_the_payment_and_of_the_order(tmp_path):
    lines = [paid(1), *(give_back(n, original_reference="c1", currency=c) for n, c in ((2, "PEN"), (3, "USD")))]
    result = run(tmp_path, lines, [owed("o1", currency="USD")], source=source())
    assert {row["outcome"] for row in result.rows} == {"currency_mismatch"}


def test_a_payment_without_an_order_and_an_order_called_alike_make_a_refund_ambiguous(tmp_path):
    lines = [paid(1, psp="o1"), give_back(2, gross="-50", original_reference="o1")]
    assert run(tmp_path, lines, [owed("o1")], source=source()).outcome(2) == "ambiguous"


@pytest.mark.parametrize("found_by", ["original_reference", "psp_reference"])
def test_a_refund_that_names_two_orders_is_believed_of_none(tmp_path, found_by):
    lines = [give_back(1, gross="-50", merchant_reference="o2", **{found_by: "c1"})]
    result = run(tmp_path, lines, [owed("o1"), owed("o2", psp="c2")], source=source())
    assert (result.outcome(1), result.line(1)["order_id"]) == ("ambiguous", None)
    assert result.line(1)["reasons"][0]["got"] == "o1, o2"


@pytest.mark.parametrize("operation", ["op1", None])
@pytest.mark.parametrize("line_type", ["REFUND", "CHARGEBACK"])
def test_a_partial_return_that_comes_twice_is_not_two(tmp_path, line_type, operation):
    given = {"gross": "-40", "original_reference": "c1", "operation_reference": operation}
    lines = [paid(3), give_back(1, line_type, **given), give_back(1, line_type, **given, archive_id=B)]
    result = run(tmp_path, lines, [owed("o1")], source=source())
    rows = [result.line(1), result.line(1, B)]
    assert [(row["outcome"], row["order_id"], codes(row)) for row in rows] == [
        ("duplicate", "o1", ["CLAIMED_BY_SEVERAL_LINES"])
    ] * 2


@pytest.mark.parametrize("numbers", [("r1", None), (None, "r1"), ("r1", None, "r2")])
def test_a_partial_refund_that_comes_again_without_its_number_is_not_two(tmp_path, numbers):
    refunds = [
        give_back(n, gross="-30", original_reference="c1", operation_reference=number)
        for n, number in enumerate(numbers, 2)
    ]
    result = run(tmp_path, [paid(1), *refunds], [owed("o1")], source=source())
    assert {result.outcome(each["line_no"]) for each in refunds} == {"duplicate"}


def test_equal_partial_refunds_of_two_moments_are_two_although_one_has_no_number(tmp_path):
    given = {"gross": "-40", "original_reference": "c1"}
    later = give_back(3, **given, operation_reference=None, occurred_at=PAID_AT + timedelta(seconds=1))
    result = run(tmp_path, [paid(1), give_back(2, **given), later], [owed("o1")], source=source())
    assert [result.outcome(n) for n in (2, 3)] == ["matched", "matched"]


def test_equal_partial_refunds_of_two_operations_are_two(tmp_path):
    lines = [paid(1), *(give_back(n, gross="-40", original_reference="c1") for n in (2, 3))]
    result = run(tmp_path, lines, [owed("o1")], source=source())
    assert [result.outcome(n) for n in (2, 3)] == ["matched", "matched"]


def test_a_refund_exceeds_what_was_paid_whatever_its_order_was_edited_to(tmp_path):
    first = run(tmp_path / "1", [paid(1)], [owed("o1")], source=source())
    given = {"claims": inherited([first]), "day": NEXT_DAY, "as_of": NEXT_AS_OF}
    lines = [give_back(1, gross="-150", original_reference="c1", archive_id=B, settlement_date=NEXT_DAY)]
    second = run(tmp_path / "2", lines, [owed("o1", "150", status="REFUNDED")], source=source(), **given)
    assert (second.line(1, B)["outcome"], second.line(1, B)["delta"]) == ("amount_mismatch", -50)


@pytest.mark.parametrize("operation", ["r1", None], ids=["by its number", "by its moment"])
def test_a_partial_refund_that_comes_again_on_a_later_day_is_a_duplicate(tmp_path, operation):
    refunded = [owed("o1", status="REFUNDED")]
    part = give_back(2, gross="-40", original_reference="c1", operation_reference=operation)
    _, first, again = over_days(tmp_path, ([paid(1)], [owed("o1")]), ([part], refunded), ([part], refunded))
    assert first.line(2, "1" * 64)["outcome"] == "matched"
    row = again.line(2, "2" * 64)
    assert (row["outcome"], codes(row)) == ("duplicate", ["CLAIMED_BY_SEVERAL_LINES", "SETTLED_BEFORE"])


@pytest.mark.parametrize("numbers", [("r1", None), (None, "r1")])
def test_a_partial_refund_that_comes_again_later_without_its_number_is_a_duplicate(tmp_path, numbers):
    refunded = [owed("o1", status="REFUNDED")]
    parts = [give_back(2, gross="-40", original_reference="c1", operation_reference=number) for number in numbers]
    _, _, again = over_days(tmp_path, ([paid(1)], [owed("o1")]), *(([each], refunded) for each in parts))
    assert again.line(2, "2" * 64)["outcome"] == "duplicate"


def test_another_partial_refund_on_a_later_day_is_right(tmp_path):
    refunded = [owed("o1", status="REFUNDED")]
    parts = [give_back(2, gross="-40", original_reference="c1", operation_reference=f"r{n}") for n in (1, 2)]
    _, _, again = over_days(tmp_path, ([paid(1)], [owed("o1")]), *(([each], refunded) for each in parts))
    assert again.line(2, "2" * 64)["outcome"] == "matched"


def test_a_copied_return_of_a_payment_without_an_order_is_a_duplicate(tmp_path):
    part = give_back(2, gross="-40", original_reference="c1", operation_reference="r1")
    _, first, again = over_days(tmp_path, ([paid(1)], []), ([part], []), ([part], []))
    assert (first.line(2, "1" * 64)["outcome"], again.line(2, "2" * 64)["outcome"]) == ("matched", "duplicate")


def test_a_refund_in_another_currency_than_was_cleared_matches_no_order_edited_to_it(tmp_path):
    refund = give_back(2, currency="USD", original_reference="c1")
    edited = owed("o1", currency="USD", status="REFUNDED")
    _, second = over_days(tmp_path, ([paid(1)], [owed("o1")]), ([refund], [edited]))
    assert second.line(2, "1" * 64)["outcome"] == "currency_mismatch"
    assert second.order("o1")["outcome"] == "currency_mismatch"


def test_a_reversal_that_comes_twice_makes_room_once(tmp_path):
    charged, won = gave(2, "CHARGEBACK", "-100", "k1"), gave(3, "CHARGEBACK_REVERSAL", "60", "w1")
    more = [{**won, "line_no": 5}, gave(6, "REFUND", "-100", "r1")]
    days = ([paid(1)], [owed("o1")]), ([charged, won], REVERSED), (more, REVERSED)
    assert outcomes(over_days(tmp_path, *days)[2], 2) == ["amount_mismatch", "amount_mismatch"]


def test_a_chargeback_that_comes_twice_is_won_back_once(tmp_path):
    charged = gave(2, "CHARGEBACK", "-100", "k1")
    won = [gave(n, "CHARGEBACK_REVERSAL", "100", f"w{n}") for n in (3, 4)]
    days = ([paid(1)], [owed("o1")]), ([charged], REVERSED), ([charged], REVERSED), (won, REVERSED)
    assert outcomes(over_days(tmp_path, *days)[3], 3) == ["amount_mismatch", "amount_mismatch"]


def test_a_reversal_of_more_than_was_charged_makes_no_room(tmp_path):
    charged, won = gave(2, "CHARGEBACK", "-60", "k1"), gave(3, "CHARGEBACK_REVERSAL", "100", "w1")
    lines = [paid(1), charged, won, gave(4, "REFUND", "-50", "r1")]
    result = run(tmp_path, lines, REVERSED, source=source())
    assert [result.outcome(n) for n in (3, 4)] == ["amount_mismatch", "amount_mismatch"]


@pytest.mark.parametrize("again", [{"gross": "-45"}, {"line_type": "REVERSAL"}], ids=["amount", "type"])
def test_one_operation_gives_back_once_whatever_its_second_line_says(tmp_path, again):
    second = give_back(3, **{"gross": "-40", "original_reference": "c1", "operation_reference": "r1", **again})
    lines = [paid(1), gave(2, "REFUND", "-40", "r1"), second]
    result = run(tmp_path, lines, [owed("o1", status="REFUNDED")], source=source())
    assert [result.outcome(n) for n in (2, 3)] == ["duplicate", "duplicate"]


def test_a_refund_that_comes_again_gives_back_no_other_order_that_has_its_reference_by_now(tmp_path):
    named = [paid(n, psp=None, merchant_reference=f"o{n}") for n in (1, 2)]
    before = [owed("o1", status="REFUNDED"), owed("o2", psp=None, status="REFUNDED")]
    after = [owed("o1", psp=None, status="REFUNDED"), owed("o2", status="REFUNDED")]
    refund = gave(3, "REFUND", "-100", "r1")
    _, first, again = over_days(tmp_path, (named, before), ([refund], before), ([refund], after))
    assert (first.line(3, "1" * 64)["order_id"], outcomes(first, 1)) == ("o1", ["matched"])
    assert outcomes(again, 2) == ["duplicate"]


@pytest.mark.parametrize("days", [1, 2])
def test_no_more_is_given_back_than_was_paid_within_the_tolerance(tmp_path, days):
    rules = source(tolerance={"PEN": "2"})
    first = run(tmp_path / "1", [paid(1, "98")], [owed("o1")], source=rules)
    refund, orders = gave(2, "REFUND", "-100", "r1"), [owed("o1", status="REFUNDED")]
    if days == 1:
        second = run(tmp_path / "2", [paid(1, "98"), refund], orders, source=rules)
    else:
        given = {"claims": inherited([first]), "day": NEXT_DAY, "as_of": NEXT_AS_OF, "source": rules}
        second = run(tmp_path / "2", [refund | {"settlement_date": NEXT_DAY}], orders, **given)
    assert (second.outcome(2), second.line(2)["delta"]) == ("amount_mismatch", -2)


@pytest.mark.parametrize(
    ("given", "before", "after"),
    [
        (("-1000", {}), {"amount": "1000"}, {}),
        (("-100", {"currency": "USD"}), {"currency": "USD"}, {}),
    ],
    ids=["more than was paid", "another currency"],
)
def test_a_payment_of_which_more_was_given_back_before_is_a_break(tmp_path, given, before, after):
    gross, other = given
    refund = gave(2, "REFUND", gross, "r1", **other)
    orders = [[owed("o1", status="REFUNDED", due_at=None, **each)] for each in (before, after)]
    days = ([refund], orders[0]), ([paid(1)], orders[1]), ([], orders[1])
    first, second, third = over_days(tmp_path, *days)
    assert outcomes(first, 0) == ["matched"]
    assert outcomes(second, 1) == outcomes(third, 1) == ["amount_mismatch"]
    assert codes(second.line(1, "1" * 64)) == ["EXCEEDS_ORIGINAL"]


def test_a_payment_that_was_given_back_before_it_came_is_right(tmp_path):
    refunded = [owed("o1", status="REFUNDED", due_at=None)]
    days = ([gave(2, "REFUND", "-100", "r1")], refunded), ([paid(1)], refunded)
    assert [outcomes(day, n) for n, day in enumerate(over_days(tmp_path, *days))] == [["matched"], ["matched"]]


def test_parts_given_back_for_an_order_and_for_its_payment_count_together_once_they_meet(tmp_path):
    unlearned, learned = (owed("o1", psp=psp, status="REFUNDED", due_at=None) for psp in (None, "c1"))
    refunds = [gave(2, "REFUND", "-100", "r1"), gave(3, "REFUND", "-100", "r2", original_reference="o1")]
    days = ([paid(1)], [unlearned]), (refunds[:1], [unlearned]), (refunds[1:], [unlearned]), ([], [learned])
    results = over_days(tmp_path, *days)
    assert results[3].line(1, "0" * 64)["outcome"] == "amount_mismatch"


@pytest.mark.parametrize("days", [1, 2])
def test_one_order_to_give_back_two_payments_is_two_refunds(tmp_path, days):
    lines = [paid(1), paid(2, psp="c2")]
    refunds = [gave(3, "REFUND", "-100", "bulk"), gave(4, "REFUND", "-100", "bulk", original_reference="c2")]
    orders = [owed(f"o{n}", psp=f"c{n}", status="REFUNDED") for n in (1, 2)]
    history = (
        [(lines, orders), (refunds[:1], orders), (refunds[1:], orders)] if days == 2 else [(lines + refunds, orders)]
    )
    last = over_days(tmp_path, *history)[-1]
    assert {row["outcome"] for row in last.rows if row["line_type"] == "REFUND"} == {"matched"}


@pytest.mark.parametrize("days", [1, 2])
def test_a_dispute_that_is_lost_and_won_under_one_number_is_two_returns(tmp_path, days):
    lost, won = gave(2, "CHARGEBACK", "-40", "k1"), gave(3, "CHARGEBACK_REVERSAL", "40", "k1")
    history = [
        ([paid(1)], REVERSED),
        *([([lost, won], REVERSED)] if days == 1 else [([lost], REVERSED), ([won], REVERSED)]),
    ]
    results = over_days(tmp_path, *history)
    assert [row["outcome"] for each in results[1:] for row in each.rows if row["archive_id"]] == ["matched", "matched"]


def test_a_claim_that_is_told_twice_was_paid_once(tmp_path):
    rules = source(tolerance={"PEN": "2"})
    first = run(tmp_path / "1", [paid(1, "98")], [owed("o1")], source=rules)
    twice = {"day": NEXT_DAY, "as_of": NEXT_AS_OF, "source": rules, "claims": [*_claims(first), *_claims(first)]}
    refund = gave(2, "REFUND", "-100", "r1", settlement_date=NEXT_DAY)
    second = run(tmp_path / "2", [refund], [owed("o1", status="REFUNDED")], **twice)
    assert (second.outcome(2), second.line(2)["delta"]) == ("amount_mismatch", -2)


def _claims(result):
    return [
        {
            name: row[name]
            for name in ("order_id", "archive_id", "line_no", "settlement_date", "currency", "psp_reference")
        }
        | {"line_type": "PAYMENT", "gross": row["got"], "order_currency": "PEN", "order_amount": row["expected"]}
        for row in result.rows
    ]
