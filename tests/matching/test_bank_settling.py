"""Which credits pay which batches, on plain values: by name, by amount, in groups, and when to refuse."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta

import pytest

from cuadre.matching.bank.naming import named_in
from cuadre.matching.bank.settling import Settlement, settle
from cuadre.matching.bank.subsets import MOST_AMOUNTS, MOST_FITS, subsets
from cuadre.matching.bank.values import Credit, Payout
from cuadre.model.codes import BankMethod

DAY = date(2026, 3, 2)


def payout(batch_id: str, owed: int, *, days: int = 0, currency: str = "PEN") -> Payout:
    return Payout(DAY + timedelta(days), batch_id, currency, owed)


def credit(
    credit_id: str, amount: int, reference: str | None = None, *, days: int = 1, currency: str = "PEN"
) -> Credit:
    return Credit(credit_id, DAY + timedelta(days), currency, amount, named_in(reference))


def settled(payouts: list[Payout], credits_: list[Credit], **more: object) -> Settlement:
    return settle(payouts, credits_, window_days=5, **more)  # type: ignore[arg-type]  # `paid` or `by_amount_from`


def pairs(found: Settlement) -> set[tuple[str, str, str]]:
    """(method, batches, credits) of all that is settled."""
    return {
        (
            fit.method.name,
            "+".join(sorted(each.batch_id for each in fit.payouts)),
            "+".join(sorted(each.credit_id for each in fit.credits)),
        )
        for fit in found.settled
    }


@pytest.mark.parametrize(
    ("reference", "names_it"),
    [
        ("B7", True),
        ("  B7 ", True),
        ("PAGO LOTE B7, MARZO", True),
        ("B7/B8", True),
        ("(B7).", True),
        ("B70", False),
        ("XB7", False),
        ("B7-01", False),
        ("2026.B7", False),
        ("b7", False),
        ("", False),
        (None, False),
    ],
)
def test_a_reference_names_a_batch_as_a_whole_word_only(reference: str | None, names_it: bool) -> None:
    found = settled([payout("B7", 100)], [credit("C1", 100, reference, days=9)])  # too late for the amount alone
    assert pairs(found) == ({("reference", "B7", "C1")} if names_it else set())


def test_lines_without_a_batch_are_never_named() -> None:
    assert settled([payout("-", 100)], [credit("C1", 100, "-", days=9)]).settled == ()


def test_the_name_goes_before_the_amount() -> None:
    found = settled([payout("B1", 100), payout("B2", 200)], [credit("C1", 200, "B1"), credit("C2", 100, "B2")])
    assert pairs(found) == set()
    assert [[each.batch_id for each in knot.payouts] for knot in found.knots] == [["B1"], ["B2"]]


def test_several_credits_that_name_a_batch_are_added_up() -> None:
    found = settled([payout("B1", 100)], [credit("C1", 60, "B1"), credit("C2", 40, "lote B1")])
    assert pairs(found) == {("reference", "B1", "C1+C2")}


def test_a_second_payment_of_a_named_batch_is_a_difference() -> None:
    found = settled([payout("B1", 100)], [credit("C1", 100, "B1"), credit("C2", 100, "B1")])
    assert (found.settled, found.knots[0].missing) == ((), -100)


def test_one_credit_that_names_all_the_batches_it_pays_is_settled_by_name() -> None:
    found = settled([payout("B1", 100), payout("B2", 50)], [credit("C1", 150, "B1 B2")])
    assert pairs(found) == {("reference", "B1+B2", "C1")}


def test_names_across_are_refused() -> None:
    found = settled([payout("B1", 100), payout("B2", 100)], [credit("C1", 100, "B1 B2"), credit("C2", 100, "B2")])
    assert found.settled == ()
    assert len(found.knots[0].payouts) == 2


def test_batches_of_several_days_with_one_id_are_told_apart_by_amount() -> None:
    payouts = [payout("001", 100), payout("001", 70, days=1)]
    assert pairs(settled(payouts, [credit("C1", 70, "001", days=2)])) == {("reference", "001", "C1")}
    both = settled(payouts, [credit("C1", 70, "001", days=2), credit("C2", 100, "001", days=2)])
    assert {fit.payouts[0].owed: fit.credits[0].credit_id for fit in both.settled} == {70: "C1", 100: "C2"}
    alike = settled([payout("001", 70), payout("001", 70, days=1)], [credit("C1", 70, "001", days=2)])
    assert alike.settled == ()


def test_a_credit_that_names_another_currency_or_a_later_batch_pays_nothing_else() -> None:
    payouts = [payout("B1", 100), payout("B2", 100, currency="USD"), payout("B3", 100, days=3)]
    found = settled(payouts, [credit("C1", 100, "B2"), credit("C2", 100, "B3")])
    assert (found.settled, found.contested, found.knots) == ((), {}, ())


@pytest.mark.parametrize("reference", ["B000413", "LOTE B000413", "b000412"])
def test_a_credit_that_names_what_looks_like_a_batch_pays_none_by_its_amount(reference: str) -> None:
    assert settled([payout("B000412", 100)], [credit("C1", 100, reference)]).settled == ()


def test_a_credit_that_names_something_else_pays_by_its_amount() -> None:
    found = settled([payout("B000412", 100)], [credit("C1", 100, "ABONO 55 B0004")])
    assert pairs(found) == {("amount", "B000412", "C1")}


def test_a_credit_that_names_a_batch_paid_before_pays_no_other_and_is_told() -> None:
    found = settled([payout("B2", 100, days=1)], [credit("C2", 100, "B1")], paid=[payout("B1", 100)])
    assert found.settled == ()
    assert [(each.batch_id, by.credit_id) for each, by in found.repeated] == [("B1", "C2")]


def test_by_amount_a_pair_needs_no_reference_and_keeps_to_the_window() -> None:
    for days, fits in ((-1, False), (0, True), (5, True), (6, False)):
        found = settled([payout("B1", 100)], [credit("C1", 100, "PAGOS", days=days)])
        assert pairs(found) == ({("amount", "B1", "C1")} if fits else set())
    assert settled([payout("B1", 100)], [credit("C1", 100, currency="USD")]).settled == ()


def test_equal_amounts_on_either_side_are_refused_and_all_named() -> None:
    one, other = payout("B1", 100), payout("B2", 100)
    found = settled([one, other], [credit("C1", 100)])
    assert (found.settled, set(found.contested)) == ((), {one, other})
    found = settled([one], [credit("C1", 100), credit("C2", 100)])
    assert (found.settled, [fit.credits[0].credit_id for fit in found.contested[one]]) == ((), ["C1", "C2"])


def test_one_credit_pays_several_batches_and_several_credits_one() -> None:
    found = settled([payout("B1", 101), payout("B2", 203), payout("B3", 999)], [credit("C1", 304)])
    assert pairs(found) == {("one_for_several", "B1+B2", "C1")}
    found = settled([payout("B1", 304)], [credit("C1", 101), credit("C2", 203), credit("C3", 999)])
    assert pairs(found) == {("several_for_one", "B1", "C1+C2")}


def test_two_subsets_that_fit_are_refused_and_named() -> None:
    payouts = [payout("B1", 1), payout("B2", 4), payout("B3", 2), payout("B4", 3)]
    found = settled(payouts, [credit("C1", 5)])
    assert found.settled == ()
    assert {tuple(each.batch_id for each in fit.payouts) for fit in found.contested[payouts[0]]} == {("B1", "B2")}
    assert set(found.contested) == set(payouts)


def test_a_pair_beside_a_group_of_the_same_sum_is_refused() -> None:
    payouts = [payout("B1", 300), payout("B2", 100), payout("B3", 200)]
    found = settled(payouts, [credit("C1", 300)])
    assert (found.settled, set(found.contested)) == ((), set(payouts))


def test_pairs_that_explain_everything_are_not_held_up_by_their_sums() -> None:
    found = settled(
        [payout("B1", 300), payout("B2", 100), payout("B3", 200)],
        [credit("C1", 300), credit("C2", 100), credit("C3", 200)],
    )
    assert pairs(found) == {("amount", "B1", "C1"), ("amount", "B2", "C2"), ("amount", "B3", "C3")}


def test_groups_that_share_a_record_are_refused() -> None:
    payouts = [payout("B1", 10), payout("B2", 21), payout("B3", 33)]
    found = settled(payouts, [credit("C1", 31), credit("C2", 43)])
    assert (found.settled, set(found.contested)) == ((), set(payouts))


def test_a_reference_to_one_batch_does_not_starve_the_group_it_belongs_to() -> None:
    found = settled([payout("B1", 100), payout("B2", 203)], [credit("C1", 303, "B1 y otros")])
    assert pairs(found) == {("one_for_several", "B1+B2", "C1")}
    found = settled([payout("B1", 303)], [credit("C1", 100, "B1"), credit("C2", 203)])
    assert pairs(found) == {("several_for_one", "B1", "C1+C2")}


def test_a_negative_batch_is_set_off_and_an_empty_one_takes_no_part() -> None:
    found = settled([payout("B1", 100), payout("B2", -30), payout("B3", 0)], [credit("C1", 70)])
    assert pairs(found) == {("one_for_several", "B1+B2", "C1")}


def test_the_empty_choice_never_fits() -> None:
    assert subsets([], 0, least=1) == ()
    assert subsets([5, 7], 0, least=1) == ()
    assert settled([payout("B1", 100, days=1)], [credit("C1", 0)]).settled == ()


def test_old_batches_are_settled_by_name_only() -> None:
    old = payout("B1", 100)
    assert settled([old], [credit("C1", 100)], by_amount_from=DAY + timedelta(1)).settled == ()
    assert settled([old], [credit("C1", 100, "B1")], by_amount_from=DAY + timedelta(1)).settled != ()


def test_beyond_the_bound_groups_are_not_searched_and_pairs_still_found() -> None:
    many = [payout(f"B{n:02d}", 1000 + n) for n in range(MOST_AMOUNTS + 1)]
    found = settled([*many, payout("X", 5)], [credit("C1", 2001), credit("C2", 5)])
    assert pairs(found) == {("amount", "X", "C2")}
    assert found.unsearched == set(many)


def test_what_may_be_in_more_fits_than_are_looked_at_is_in_no_sure_one() -> None:
    alike = [payout(f"B{n}", 10) for n in range(6)]
    found = settled([*alike, payout("Z", 7)], [credit("C1", 20), credit("C2", 17, days=0)])
    assert found.settled == ()


def test_subsets_are_those_of_trying_all() -> None:
    chance = random.Random(4)
    for _ in range(200):
        amounts = [chance.choice([n for n in range(-6, 25) if n]) for _ in range(chance.randint(0, 8))]
        target, least = chance.randint(-5, 30), chance.choice([1, 2])
        every = {
            places
            for size in range(least, len(amounts) + 1)
            for places in itertools.combinations(range(len(amounts)), size)
            if sum(amounts[place] for place in places) == target
        }
        found = subsets(amounts, target, least=least)
        assert found is not None
        assert len(found) == len(set(found)) == min(len(every), MOST_FITS)
        assert set(found) <= every


def test_neither_the_order_of_the_payouts_nor_of_the_credits_matters() -> None:
    chance = random.Random(5)
    for _ in range(100):
        payouts = [payout(f"B{n}", chance.randint(1, 9), days=chance.randint(0, 3)) for n in range(6)]
        names = [None, None, "B1", "B2 B3", "B9"]
        credits_ = [
            credit(f"C{n}", chance.randint(1, 15), chance.choice(names), days=chance.randint(0, 6)) for n in range(5)
        ]
        once = settled(payouts, credits_)
        again = settled(chance.sample(payouts, 6), chance.sample(credits_, 5))
        assert again == once
        used = [record for fit in once.settled for record in fit.records]
        assert len(used) == len(set(used))
        for fit in once.settled:
            assert sum(each.owed for each in fit.payouts) == sum(each.amount for each in fit.credits)
            assert 1 in (len(fit.payouts), len(fit.credits))
            assert not set(fit.payouts) & (once.contested.keys() | once.unsearched)
        assert all(fit.method in BankMethod for fit in once.settled)
