"""What optional columns add to a comparison: payments in another currency than they are settled in, and the channel."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.config.exchange import Exchange
from cuadre.model.arrow import arrow_schema
from cuadre.model.columns import LINES, ORDERS
from cuadre.pipeline.reconcile import reconcile
from tests.matching.tiny import AS_OF, DAY, NEXT_AS_OF, NEXT_DAY, SOURCE, claim, codes, inherited, line, order, run

PLAIN = SOURCE.model_copy(update={"fees": ()})


def believing(**exchange):
    """The source with other bounds on what was exchanged."""
    bounds = PLAIN.settlement.exchange.model_dump() | exchange
    settlement = PLAIN.settlement.model_copy(update={"exchange": Exchange.model_validate(bounds)})
    return PLAIN.model_copy(update={"settlement": settlement})


def exchanged(line_no, gross, amount="100", rate="3.7525", **given):
    """A payment in USD that is settled in PEN."""
    money = {"presentment_amount": amount and Decimal(amount), "exchange_rate": rate and Decimal(rate)}
    return line(line_no, gross=gross, **{"psp_reference": "c1", "presentment_currency": "USD", **money, **given})


def usd(order_id="o1", amount="100", **given):
    return order(order_id, **{"psp_reference": "c1", "currency": "USD", "amount": amount, **given})


def only(tmp_path, row, *orders, source=PLAIN):
    return run(tmp_path, [row], orders or [usd()], source=source).line(1)


def test_a_payment_in_the_order_s_currency_matches_at_the_rate_it_was_exchanged_at(tmp_path):
    row = only(tmp_path, exchanged(1, "375.25"))
    assert (row["outcome"], row["order_id"], row["reasons"]) == ("matched", "o1", [])
    assert (row["currency"], row["expected"], row["got"], row["delta"]) == (
        "PEN",
        Decimal("375.25"),
        Decimal("375.25"),
        0,
    )


@pytest.mark.parametrize(("gross", "delta"), [("375.20", "-0.05"), ("376", "0.75")])
def test_what_gross_differs_at_that_rate_is_booked_as_a_reason_of_its_own(tmp_path, gross, delta):
    row = only(tmp_path, exchanged(1, gross))
    assert (row["outcome"], codes(row)) == ("matched_with_variance", ["FX_DIFFERENCE"])
    reason = row["reasons"][0]
    assert (Decimal(reason["expected"]), Decimal(reason["got"])) == (Decimal("375.25"), Decimal(gross))
    assert reason["delta"] == row["delta"] == Decimal(delta)


@pytest.mark.parametrize(
    ("amount", "gross", "outcome"),
    [
        ("1000", "3771.26", "matched_with_variance"),
        ("1000", "3733.74", "matched_with_variance"),
        ("1000", "3771.27", "amount_mismatch"),
        ("1000", "3733.73", "amount_mismatch"),
        ("1000", "1000.00", "amount_mismatch"),
        ("0.40", "1.51", "matched_with_variance"),
        ("0.40", "1.49", "matched_with_variance"),
        ("0.40", "1.52", "amount_mismatch"),
        ("0.40", "1.48", "amount_mismatch"),
    ],
)
def test_beyond_half_a_percent_or_a_cent_the_difference_clears_nothing(tmp_path, amount, gross, outcome):
    row = only(tmp_path, exchanged(1, gross, amount), usd(amount=amount))
    converted = (Decimal(amount) * Decimal("3.7525")).quantize(Decimal("0.01"))
    assert (row["outcome"], codes(row), row["order_id"]) == (outcome, ["FX_DIFFERENCE"], "o1")
    assert row["delta"] == row["reasons"][0]["delta"] == Decimal(gross) - converted


@pytest.mark.parametrize(
    ("percent", "gross", "outcome"),
    [
        ("0", "375.26", "matched_with_variance"),
        ("0", "375.27", "amount_mismatch"),
        ("2", "382.75", "matched_with_variance"),
        ("2", "382.76", "amount_mismatch"),
        ("100", "750.50", "matched_with_variance"),
        ("100", "750.51", "amount_mismatch"),
    ],
)
def test_the_bound_is_the_source_s_own(tmp_path, percent, gross, outcome):
    assert only(tmp_path, exchanged(1, gross), source=believing(percent=percent))["outcome"] == outcome


@pytest.mark.parametrize(
    ("rate", "gross", "expected", "outcome", "reasons"),
    [
        ("3.60", "360", "360", "matched", []),
        ("3.90", "390", "390", "matched", []),
        ("3.61", "361", "361", "matched", []),
        ("3.599999", "360", "360", "matched", []),
        ("3.59", "359", "360", "matched_with_variance", ["FX_DIFFERENCE"]),
        ("0.01", "1", "360", "amount_mismatch", ["FX_DIFFERENCE"]),
        ("0.266489", "26.65", "360", "amount_mismatch", ["FX_DIFFERENCE"]),
        ("0.266489", "375.25", "360", "amount_mismatch", ["FX_DIFFERENCE"]),
        ("375.25", "37525", "390", "amount_mismatch", ["FX_DIFFERENCE"]),
    ],
)
def test_a_rate_beyond_the_declared_ones_counts_as_the_nearest_of_them(
    tmp_path, rate, gross, expected, outcome, reasons
):
    row = only(tmp_path, exchanged(1, gross, rate=rate), source=believing(rates={"USD": {"PEN": ["3.60", "3.90"]}}))
    assert (row["outcome"], codes(row)) == (outcome, reasons)
    assert (row["expected"], row["delta"]) == (Decimal(expected), Decimal(gross) - Decimal(expected))


@pytest.mark.parametrize("rates", [{}, {"EUR": {"PEN": ["3", "4"]}, "USD": {"USX": ["3", "4"]}}])
def test_without_declared_rates_no_rate_of_the_provider_s_is_believed(tmp_path, rates):
    for folder, row in (("1", exchanged(1, "375.25")), ("2", exchanged(1, "0.01", rate="0.0001"))):
        found = only(tmp_path / folder, row, source=believing(rates=rates))
        assert (found["outcome"], codes(found)) == ("currency_mismatch", ["CURRENCY_DIFFERS"])


def test_what_comes_to_more_than_money_can_say_is_not_exchanged(tmp_path):
    row = only(tmp_path, exchanged(1, "1", "1", "999999999999"), usd(amount="999999999999"))
    assert (row["outcome"], codes(row)) == ("currency_mismatch", ["CURRENCY_DIFFERS"])


@pytest.mark.parametrize(("amount", "rate", "gross"), [("10.01", "0.5", "5.01"), ("0.03", "0.5", "0.02")])
def test_half_a_cent_is_rounded_up(tmp_path, amount, rate, gross):
    row = only(tmp_path, exchanged(1, gross, amount, rate), usd(amount=amount))
    assert (row["outcome"], row["reasons"]) == ("matched", [])


def test_another_amount_in_the_order_s_currency_is_a_mismatch_beside_the_exchange(tmp_path):
    row = only(tmp_path, exchanged(1, "371", "99"))
    assert (row["outcome"], codes(row)) == ("amount_mismatch", ["AMOUNT_DIFFERS", "FX_DIFFERENCE"])
    amount, difference = row["reasons"]
    assert (amount["field"], amount["delta"], difference["delta"]) == ("presentment_amount", -1, Decimal("-0.5"))


@pytest.mark.parametrize(
    "given",
    [
        {"rate": None}, {"amount": None}, {"rate": "0"}, {"amount": "-100"}, {"presentment_currency": None},
        {"presentment_currency": "EUR"},
    ],
)  # fmt: skip
def test_without_a_rate_or_across_a_third_currency_it_stays_a_currency_mismatch(tmp_path, given):
    row = only(tmp_path, exchanged(1, "375.25", **given))
    assert (row["outcome"], codes(row), row["delta"]) == ("currency_mismatch", ["CURRENCY_DIFFERS"], None)


def test_a_merchant_reference_finds_an_order_in_the_presentment_currency(tmp_path):
    named = exchanged(1, "375.25", psp_reference=None, merchant_reference="o1")
    assert only(tmp_path, named)["pass"] == "merchant_reference"
    unnamed = {**named, "exchange_rate": None}
    assert only(tmp_path, unnamed)["pass"] == "merchant_reference_only"


def test_an_order_that_an_exchanged_payment_cleared_is_used_up(tmp_path):
    cleared = {**claim("o1", 7), "currency": "PEN", "gross": Decimal("375.25")}
    assert run(tmp_path / "1", [], [usd()], source=PLAIN, claims=[cleared]).rows == []
    again = run(tmp_path / "2", [exchanged(1, "375.25")], [usd()], source=PLAIN, claims=[cleared]).line(1)
    assert (again["outcome"], codes(again)) == ("duplicate", ["SETTLED_BEFORE"])


def test_an_order_that_an_exchanged_payment_cleared_and_that_is_edited_since_opens_again(tmp_path):
    first = run(tmp_path / "1", [exchanged(1, "375.25")], [usd()], source=PLAIN)
    given = {"claims": inherited([first]), "day": NEXT_DAY, "as_of": NEXT_AS_OF, "source": PLAIN}
    assert run(tmp_path / "2", [], [usd()], **given).rows == []
    (row,) = run(tmp_path / "3", [], [usd(amount="150")], **given).rows
    assert (row["outcome"], codes(row), row["delta"]) == ("amount_mismatch", ["ORDER_EDITED"], -50)


def test_two_exchanged_payments_of_one_order_are_both_duplicates(tmp_path):
    lines = [exchanged(n, "375.25") for n in (1, 2)]
    result = run(tmp_path, lines, [usd()], source=PLAIN)
    assert [result.outcome(n) for n in (1, 2)] == ["duplicate", "duplicate"]


def test_a_refund_is_held_against_its_order_in_the_order_s_currency_only(tmp_path):
    refund = {"line_type": "REFUND", "fee": "0", "tax": "0", "psp_reference": None, "original_reference": "c1"}
    lines = [
        exchanged(1, "375.25"),
        exchanged(2, "-187.63", "-50", **refund),
        line(3, gross="-50", currency="USD", **refund),
    ]
    result = run(tmp_path, lines, [usd()], source=PLAIN)
    assert [result.outcome(n) for n in (1, 2, 3)] == ["matched", "currency_mismatch", "matched"]


def test_an_order_in_the_settlement_currency_is_compared_with_gross(tmp_path):
    row = only(tmp_path, exchanged(1, "375.25"), order("o1", psp_reference="c1", amount="375.25"))
    assert (row["outcome"], row["reasons"]) == ("matched", [])


def test_another_channel_is_a_variance_and_none_is_none(tmp_path):
    lines = [line(n, psp_reference=f"c{n}") for n in (1, 2, 3)] + [line(4, psp_reference="c4", channel=None)]
    places = {1: "bank", 2: "agent", 3: " ", 4: "bank"}
    orders = [order(f"o{n}", psp_reference=f"c{n}", channel=channel) for n, channel in places.items()]
    result = run(tmp_path, lines, orders)
    assert [result.outcome(n) for n in places] == ["matched_with_variance", "matched", "matched", "matched"]
    reason = result.line(1)["reasons"][0]
    assert (reason["code"], reason["expected"], reason["got"]) == ("CHANNEL_DIFFERS", "bank", "agent")


def test_files_with_and_without_an_optional_column_go_together(tmp_path):
    (tmp_path / "orders").mkdir()
    for name, rows, more in (
        ("a", [order("o1", psp_reference="c1", channel="bank")], ["channel"]),
        ("b", [order("o2")], []),
    ):
        table = pa.Table.from_pylist(rows, arrow_schema(ORDERS, more))
        pq.write_table(table, tmp_path / "orders" / f"{name}.parquet")
    lines = tmp_path / "lines.parquet"
    pq.write_table(pa.Table.from_pylist([line(1, psp_reference="c1")], arrow_schema(LINES)), lines)
    report = reconcile(
        lines=lines, orders=tmp_path / "orders", source=SOURCE, as_of=AS_OF, out=tmp_path / "out", settlement_date=DAY
    )
    rows = pq.read_table(report.outcomes_path).to_pylist()
    assert [(row["order_id"], row["outcome"]) for row in rows] == [
        ("o1", "matched_with_variance"), ("o2", "missing_in_settlement"),
    ]  # fmt: skip


def test_open_items_keep_what_optional_columns_said(tmp_path):
    first = run(tmp_path / "1", [exchanged(1, "375.20")], [], source=PLAIN)
    given = {"open_items": first.open_items, "as_of": NEXT_AS_OF, "day": NEXT_DAY, "source": PLAIN}
    second = run(tmp_path / "2", [], [usd(channel="bank")], **given)
    assert codes(second.line(1)) == ["FX_DIFFERENCE", "CHANNEL_DIFFERS"]


def test_open_items_from_before_there_were_optional_columns_are_read(tmp_path):
    first = run(tmp_path / "1", [line(1, psp_reference="c1")], [])
    table = pq.read_table(first.open_items)
    place = table.schema.get_field_index("line")
    plain = [{name: row[name] for name in arrow_schema(LINES).names} for row in table["line"].to_pylist()]
    older = table.set_column(place, "line", pa.array(plain, pa.struct(arrow_schema(LINES))))
    pq.write_table(older, tmp_path / "older.parquet")
    given = {"open_items": tmp_path / "older.parquet", "as_of": NEXT_AS_OF, "day": NEXT_DAY}
    assert run(tmp_path / "2", [], [order("o1", psp_reference="c1")], **given).outcome(1) == "matched"
