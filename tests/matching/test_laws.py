"""Laws of matching that hold for any day: nothing is lost, nothing used twice, and order means nothing."""

import tempfile
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cuadre.matching.engines import open_engine
from cuadre.model.codes import OPEN, RETURNS, TAKEN_STATUSES, LineType, OrderStatus
from cuadre.model.columns import OPEN_ITEMS
from cuadre.sandbox.scenarios import SCENARIOS
from cuadre.sandbox.scenarios.playing import tell
from cuadre.sandbox.scenarios.story import SOURCE as RULES
from tests.matching.tiny import AS_OF, DAY, NEXT_DAY, SOURCE, A, B, claim, inherited, line, order, run, write

LAW = settings(max_examples=3, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
ON_TIME, EARLIER = AS_OF, AS_OF - timedelta(days=1)
CIPS, IDS = ["c1", "c2", "c3", "c4", "", None], ["o1", "o2", "o3", "o4", "o9", " ", None]


@st.composite
def neighbours(draw):
    """A few lines and orders with so few references that they get in each other's way; perhaps a claim."""
    lines = [
        {
            "archive_id": draw(st.sampled_from([A, B])),
            "line_type": draw(st.sampled_from([LineType.PAYMENT.value] * 12 + [kind.value for kind in LineType])),
            "psp_reference": draw(st.sampled_from(CIPS)),
            "merchant_reference": draw(st.sampled_from(IDS)),
            "original_reference": draw(st.sampled_from([*CIPS, "o1", "o2"])),
            "operation_reference": draw(st.sampled_from(["op1", None])),
            "currency": draw(st.sampled_from(["PEN", "PEN", "USD"])),
            "gross": draw(st.sampled_from(["100", "100", "100.03", "60", "-100"])),
            "fee": draw(st.sampled_from(["3.99", "3.99", "3.99", "4"])),
            "tax": draw(st.sampled_from(["0.72", "0.72", "0.72", "0.73"])),
        }
        for _ in range(draw(st.integers(0, 12)))
    ]
    orders = [
        order(
            f"o{n}",
            psp_reference=draw(st.sampled_from(CIPS)),
            currency=draw(st.sampled_from(["PEN", "PEN", "USD"])),
            due_at=draw(st.sampled_from([ON_TIME, ON_TIME, EARLIER, None])),
            status=draw(st.sampled_from([OrderStatus.PAID.value] * 4 + [status.value for status in OrderStatus])),
        )
        for n in range(1, draw(st.integers(0, 6)) + 1)
    ]
    return lines, orders, draw(st.sets(st.sampled_from(["o1", "o2"]), max_size=1))


@st.composite
def days(draw):
    """A day of several such neighbourhoods, each with references of its own."""
    lines, orders, claims = [], [], []
    for street in range(8):
        of_lines, of_orders, claimed = draw(neighbours())
        lines += [line(len(lines) + n, **there(street, each)) for n, each in enumerate(of_lines, 1)]
        orders += [there(street, each) for each in of_orders]
        claims += [claim(f"{street}{order_id}", 1000 + street) for order_id in sorted(claimed)]
    return lines, orders, claims


def there(street, row):
    """The row with its references, where it has any, made those of one street."""
    names = {"psp_reference", "merchant_reference", "original_reference", "order_id"}
    return {key: f"{street}{value}" if key in names and (value or "").strip() else value for key, value in row.items()}


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
    linked = {kind.value for kind in RETURNS}
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


@contextmanager
def reading_each_time(compute, room):
    """The usual engine, to which no day is so small that its inputs are kept as tables."""
    with open_engine(compute, room) as engine:
        engine.small = -1
        yield engine


@LAW
@given(days(), days())
def test_whether_inputs_are_kept_as_tables_or_read_at_each_use_changes_nothing(day, before):
    with tempfile.TemporaryDirectory() as folder:
        lines = [each | {"archive_id": f"{each['archive_id'][0]}0".ljust(64, "0")} for each in before[0]]
        first = run(Path(folder), lines, before[1])
        given = {"open_items": first.open_items, "day": NEXT_DAY, "as_of": AS_OF + timedelta(days=1)}
        later = [each | {"settlement_date": NEXT_DAY} for each in day[0]]
        kept, read = (
            run(Path(folder) / each.__name__, later, day[1], claims=inherited([first]), opened_by=each, **given).digests
            for each in (open_engine, reading_each_time)
        )
        assert kept == read


@LAW
@given(days())
def test_unrelated_rows_change_nothing(day):
    lines, orders, claims = day
    strangers = [line(900 + n, psp_reference=f"s{n}", operation_reference=f"s{n}") for n in range(3)]
    more = ([*lines, *strangers], [*orders, order("s0", psp_reference="s0"), order("zz", psp_reference="zz")], claims)
    rows = [r for r in reconciled(more)[0].rows if (r["line_no"] or 0) < 900 and r["order_id"] not in {"s0", "zz"}]
    assert rows == reconciled(day)[0].rows


@LAW
@given(days())
def test_what_the_day_itself_and_later_days_cleared_counts_for_nothing(day):
    lines, orders, claims = day
    later = [claim(each["order_id"], 2000 + n, day=DAY + timedelta(days=n % 2)) for n, each in enumerate(orders)]
    assert reconciled((lines, orders, claims + later))[1] == reconciled(day)[1]


@LAW
@given(days())
def test_what_was_got_adds_up_to_the_gross_of_the_lines(day):
    result = reconciled(day)[0]
    got = per_currency((row["currency"], row["got"] or 0) for row in result.rows)
    assert got == per_currency((line["currency"], line["gross"]) for line in day[0])
    assert sum(total.count for total in result.report.outcomes) == len(result.rows)


@LAW
@given(days())
def test_what_was_expected_adds_up_to_the_orders_money_was_taken_for(day):
    lines, orders, claims = day
    kinds = {(line["archive_id"], line["line_no"]): line["line_type"] for line in lines}
    rows = [r for r in reconciled(day)[0].rows if kinds.get((r["archive_id"], r["line_no"]), "PAYMENT") == "PAYMENT"]
    named = {row["order_id"]: row["expected"] for row in rows if row["order_id"]}
    claimed = {row["order_id"] for row in claims}
    due = [o for o in orders if o["status"] in TAKEN_STATUSES and o["order_id"] not in claimed]
    expected = per_currency((o["currency"], named[o["order_id"]]) for o in due)
    assert expected == per_currency((o["currency"], o["amount"]) for o in due)


@LAW
@given(days())
def test_cutting_an_archive_into_parts_changes_nothing_but_where_the_lines_stand(day):
    lines, orders, claims = day
    places = Counter()
    parts = []
    for each in lines:
        part = A if each["line_no"] % 3 else B
        places[part] += 1
        parts.append({**each, "archive_id": part, "line_no": places[part]})
    whole = [{**each, "archive_id": A, "line_no": n} for n, each in enumerate(lines, 1)]
    assert said(reconciled((parts, orders, claims))[0]) == said(reconciled((whole, orders, claims))[0])


def said(result):
    """What the outcomes say, without the places of lines; and the ids of the items."""
    rows = [{key: value for key, value in row.items() if key not in PLACES} for row in result.rows]
    return sorted(map(repr, rows)), sorted(row["item_id"] for row in result.rows)


PLACES = {"archive_id", "line_no", "item_id"}


@LAW
@given(days())
def test_a_day_on_which_nothing_happens_closes_no_open_item_and_opens_none(day):
    lines, orders, claims = day
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = run(folder / "before", lines, orders, claims=claims)
        cleared = [*claims, *inherited([before])]
        after = run(folder / "after", [], orders, claims=cleared, day=NEXT_DAY, open_items=before.open_items)
    assert {row["outcome"] for row in after.rows} <= STAYS_OPEN
    assert list(map(item, after.rows)) == [item(row) for row in before.rows if row["outcome"] in STAYS_OPEN]


STAYS_OPEN = {outcome.name for outcome in OPEN}


def item(row):
    """What an open item is known by. Its outcome may change: who took its order yesterday is known by a claim today."""
    return row["item_id"], row["first_seen"], row["archive_id"], row["line_no"]


@LAW
@given(days())
def test_the_first_pass_clears_just_what_all_passes_would(day):
    with tempfile.TemporaryDirectory() as folder:
        looked_at_again = reconciled(day, open_items=every_order_open(Path(folder), day[1]))[0]
    assert looked_at_again.rows == reconciled(day)[0].rows


def test_the_first_pass_clears_just_what_all_passes_would_in_every_scenario(tmp_path):
    told = [each.runs[0] for each in tell(SCENARIOS, [21, 22]) if each.source == RULES]
    lines = [line for run in told for line in run.lines]
    orders = [order for run in told for order in run.orders]
    given = {"source": RULES, "as_of": told[0].as_of}
    plain = run(tmp_path / "plain", lines, orders, **given)
    again = run(tmp_path / "again", lines, orders, open_items=every_order_open(tmp_path, orders, RULES), **given)
    assert again.rows == plain.rows


def every_order_open(folder, orders, source=SOURCE):
    """Open items that name every order: no pair is then cleared before all passes have looked at it."""
    rows = [
        {
            "source": source.source, "settlement_date": DAY, "item_id": f"forced:{n}", "outcome": "pending",
            "reasons": [], "currency": each["currency"], "first_seen": DAY, "order": each,
        }
        for n, each in enumerate(orders)
    ]  # fmt: skip
    return write(folder / "every_order.parquet", OPEN_ITEMS, rows)
