"""Files that look right and are not: what they must never clear, whatever the source allows."""

import pytest

from tests.matching.declared import PARTS, SOME, owed, paid, source
from tests.matching.tiny import NEXT_AS_OF, NEXT_DAY, B, codes, run


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


def test_a_part_in_a_file_that_is_sent_again_as_the_next_day_s_is_no_second_part(tmp_path):
    first = run(tmp_path / "1", [paid(1, "50")], [owed("o1")], source=source(PARTS))
    again = [paid(1, "50", archive_id=B, settlement_date=NEXT_DAY)]
    given = {"open_items": first.open_items, "day": NEXT_DAY, "as_of": NEXT_AS_OF}
    second = run(tmp_path / "2", again, [owed("o1")], source=source(PARTS), **given)
    assert {row["outcome"] for row in second.rows} == {"duplicate"}


def test_two_halves_of_one_moment_are_parts_when_their_operations_differ(tmp_path):
    result = run(tmp_path, [paid(1, "50"), paid(2, "50")], [owed("o1")], source=source(PARTS))
    assert {row["outcome"] for row in result.rows} == {"matched_with_variance"}
