"""Laws of matching that hold for any day: nothing is lost, nothing used twice, and order means nothing."""

import tempfile
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cuadre.model.codes import LINKED_LINE_TYPES, TAKEN_STATUSES, LineType, OrderStatus
from tests.matching.tiny import A, B, claim, line, order, run

LAW = settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
CIPS, IDS = ["c1", "c2", "c3", "c4", "", None], ["o1", "o2", "o3", "o4", "o9", " ", None]


@st.composite
def days(draw):
    """A crowded day: few references, so that lines and orders get in each other's way; perhaps some claims."""
    lines = [
        line(
            n,
            archive_id=draw(st.sampled_from([A, B])),
            line_type=draw(st.sampled_from([LineType.PAYMENT.value] * 12 + [kind.value for kind in LineType])),
            psp_reference=draw(st.sampled_from(CIPS)),
            merchant_reference=draw(st.sampled_from(IDS)),
            original_reference=draw(st.sampled_from([*CIPS, "o1", "o2"])),
            operation_reference=draw(st.sampled_from(["op1", None])),
            currency=draw(st.sampled_from(["PEN", "PEN", "USD"])),
            gross=draw(st.sampled_from(["100", "100", "100.03", "60", "-100"])),
        )
        for n in range(1, draw(st.integers(0, 12)) + 1)
    ]
    orders = [
        order(
            f"o{n}",
            psp_reference=draw(st.sampled_from(CIPS)),
            currency=draw(st.sampled_from(["PEN", "PEN", "USD"])),
            status=draw(st.sampled_from([OrderStatus.PAID.value] * 4 + [status.value for status in OrderStatus])),
        )
        for n in range(1, draw(st.integers(0, 6)) + 1)
    ]
    claims = [claim(order_id, 7) for order_id in draw(st.sets(st.sampled_from(["o1", "o2"]), max_size=1))]
    return lines, orders, claims


def reconciled(day, **given):
    lines, orders, claims = day
    with tempfile.TemporaryDirectory() as folder:
        result = run(Path(folder), lines, orders, claims=claims, **given)
        return result, result.digests


def per_currency(pairs):
    sums = defaultdict(Decimal)
    for currency, amount in pairs:
        sums[currency] += amount
    return {currency: amount for currency, amount in sums.items() if amount}


@LAW
@given(days())
def test_every_line_and_every_expected_order_has_exactly_one_outcome(day):
    lines, orders, claims = day
    rows = reconciled(day)[0].rows
    of_lines = Counter((row["archive_id"], row["line_no"]) for row in rows if row["archive_id"])
    assert of_lines == Counter((line["archive_id"], line["line_no"]) for line in lines)
    alone = Counter(row["order_id"] for row in rows if row["archive_id"] is None)
    assert all(count == 1 for count in alone.values())
    claimed = {row["order_id"] for row in claims}
    expected = {o["order_id"] for o in orders if o["status"] in TAKEN_STATUSES} - claimed
    assert set(alone) <= expected
    kinds = {(line["archive_id"], line["line_no"]): line["line_type"] for line in lines}
    paid = {r["order_id"] for r in rows if kinds.get((r["archive_id"], r["line_no"])) == "PAYMENT"}
    assert expected <= set(alone) | paid
    assert len({row["item_id"] for row in rows}) == len(rows)


@LAW
@given(days())
def test_no_order_is_accepted_by_two_lines(day):
    linked = {kind.value for kind in LINKED_LINE_TYPES}
    kinds = {(line["archive_id"], line["line_no"]): line["line_type"] for line in day[0]}
    rows = [r for r in reconciled(day)[0].rows if kinds.get((r["archive_id"], r["line_no"]), "") not in linked]
    accepted = Counter(row["order_id"] for row in rows if row["pass"])
    assert all(count == 1 for count in accepted.values())
    assert not set(accepted) & {row["order_id"] for row in rows if row["order_id"] and not row["pass"]}


@LAW
@given(days(), st.randoms(use_true_random=False))
def test_row_order_file_order_and_split_change_nothing(day, chance):
    lines, orders, claims = day
    mixed = (chance.sample(lines, len(lines)), chance.sample(orders, len(orders)), claims)
    assert reconciled(day)[1] == reconciled(mixed, split=3)[1] == reconciled(day)[1]


@LAW
@given(days())
def test_unrelated_rows_change_nothing(day):
    lines, orders, claims = day
    strangers = [line(90 + n, psp_reference=f"s{n}", operation_reference=f"s{n}") for n in range(3)]
    more = ([*lines, *strangers], [*orders, order("s0", psp_reference="s0"), order("zz", psp_reference="zz")], claims)
    rows = [r for r in reconciled(more)[0].rows if (r["line_no"] or 0) < 90 and r["order_id"] not in {"s0", "zz"}]
    assert rows == reconciled(day)[0].rows


@LAW
@given(days())
def test_what_was_got_adds_up_to_the_gross_of_the_lines(day):
    result = reconciled(day)[0]
    got = per_currency((row["currency"], row["got"] or 0) for row in result.rows)
    assert got == per_currency((line["currency"], line["gross"]) for line in day[0])
    assert sum(total.count for total in result.report.outcomes) == len(result.rows)
