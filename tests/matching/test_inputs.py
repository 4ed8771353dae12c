"""What reconcile takes and refuses, what it leaves, and what it reports."""

import traceback
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuadre.config.settings import Compute
from cuadre.model.arrow import arrow_schema
from cuadre.model.columns import LINES, ORDERS, OUTCOMES
from cuadre.model.errors import ConfigurationError, Refusal
from cuadre.pipeline.reconcile import reconcile
from tests.matching.tiny import AS_OF, DAY, NEXT_DAY, SOURCE, B, has_columns_of, line, order, run, write


def call(tmp_path, lines, orders, **given):
    given = {"as_of": AS_OF, "source": SOURCE, "out": tmp_path / "out", **given}
    return reconcile(lines=lines, orders=orders, **given)


def test_outcomes_have_exactly_the_canonical_schema_and_order(tmp_path):
    result = run(tmp_path, [line(2), line(1, archive_id=B), line(1)], [order("o2"), order("o1")])
    table = pq.read_table(result.report.outcomes_path)
    assert has_columns_of(table, OUTCOMES)
    assert table.column_names == list(OUTCOMES.names)
    assert [(r["archive_id"], r["line_no"], r["order_id"]) for r in result.rows] == [
        ("a" * 64, 1, None), ("a" * 64, 2, None), ("b" * 64, 1, None), (None, None, "o1"), (None, None, "o2"),
    ]  # fmt: skip
    column = pq.ParquetFile(result.report.outcomes_path).metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"


def test_only_the_results_are_left(tmp_path):
    run(tmp_path, [line(1)], [])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "open_items.parquet",
        "outcomes.parquet",
        "suggestions.parquet",
    ]


def test_an_empty_day_is_the_last_one_judged_by_then(tmp_path):
    lines, orders = write(tmp_path / "l.parquet", LINES, []), write(tmp_path / "o.parquet", ORDERS, [])
    assert call(tmp_path, lines, orders).settlement_date == DAY
    before_seven = datetime(2026, 3, 3, 11, 59, tzinfo=UTC)
    assert call(tmp_path, lines, orders, as_of=before_seven).settlement_date == date(2026, 3, 1)
    assert call(tmp_path, [], orders).items == 0


def test_lines_of_several_days_are_no_day(tmp_path):
    lines = [line(1), line(2, settlement_date=date(2026, 3, 1))]
    with pytest.raises(ConfigurationError, match="2 settlement dates, 2026-03-01 to 2026-03-02"):
        run(tmp_path, lines, [], day=None)
    with pytest.raises(ConfigurationError, match="1 lines are of another settlement date than 2026-03-02"):
        run(tmp_path, lines, [], day=DAY)
    with pytest.raises(ConfigurationError, match="2 lines are of another settlement date than 2026-03-03"):
        run(tmp_path, [line(1), line(2)], [], day=NEXT_DAY)


def test_the_settlement_date_is_that_of_the_lines(tmp_path):
    assert run(tmp_path, [line(1, settlement_date=date(2026, 2, 2))], [], day=None).rows[0]["settlement_date"] == date(
        2026, 2, 2
    )


def test_missing_columns_are_named(tmp_path):
    lines = write(tmp_path / "l.parquet", LINES, [line(1)])
    orders = tmp_path / "o.parquet"
    pq.write_table(pa.Table.from_pylist([order("o1")], arrow_schema(ORDERS)).drop(["amount", "due_at"]), orders)
    with pytest.raises(ConfigurationError, match=r"orders: o\.parquet lacks the columns amount, due_at"):
        call(tmp_path, lines, orders)


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    for name, content in {"text.parquet": b"a,b\n1,2\n", "empty.parquet": b""}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigurationError, match=rf"lines: {name} cannot be read as Parquet"):
            call(tmp_path, tmp_path / name, write(tmp_path / "o.parquet", ORDERS, []))


def test_a_file_that_is_damaged_within_is_refused_in_a_sentence(tmp_path):
    orders = write(tmp_path / "o.parquet", ORDERS, [order(f"o{number}") for number in range(500)])
    damaged = bytearray(orders.read_bytes())
    damaged[40:200] = bytes(160)
    orders.write_bytes(damaged)
    with pytest.raises(ConfigurationError, match="is damaged"):
        call(tmp_path, write(tmp_path / "l.parquet", LINES, [line(1)]), orders)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_day_on_which_nothing_can_be_settled_is_refused(tmp_path, day):
    with pytest.raises(ConfigurationError, match="There is no settlement on"):
        run(tmp_path, [line(1, settlement_date=day)], [], day=None)


def test_floating_point_money_is_refused(tmp_path):
    lines = tmp_path / "l.parquet"
    table = pa.Table.from_pylist([line(1)], arrow_schema(LINES))
    pq.write_table(table.set_column(table.schema.get_field_index("gross"), "gross", pa.array([100.0])), lines)
    with pytest.raises(ConfigurationError, match="gross as floating point"):
        call(tmp_path, lines, write(tmp_path / "o.parquet", ORDERS, []))


def test_money_as_text_and_as_a_narrower_decimal_is_taken_exactly(tmp_path):
    lines = tmp_path / "l.parquet"
    table = pa.Table.from_pylist([line(1, merchant_reference="o1")], arrow_schema(LINES))
    table = table.set_column(table.schema.get_field_index("gross"), "gross", pa.array(["100.00"]))
    narrow = pa.array([Decimal("3.99")], pa.decimal128(9, 2))
    pq.write_table(table.set_column(table.schema.get_field_index("fee"), "fee", narrow), lines)
    report = call(tmp_path, lines, write(tmp_path / "o.parquet", ORDERS, [order("o1")]))
    assert [total.outcome for total in report.outcomes] == ["matched"]


def with_column(table, rows, name, values):
    made = pa.Table.from_pylist(rows, arrow_schema(table))
    return made.set_column(made.schema.get_field_index(name), name, values)


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize(
    ("table", "name"),
    [(ORDERS, "amount"), (ORDERS, "currency"), (ORDERS, "status"), (LINES, "gross"), (LINES, "line_no")],
)
def test_a_null_where_none_may_be_is_refused_and_matches_nothing(tmp_path, table, name, statistics):
    rows = {LINES: [line(1, psp_reference="c1")], ORDERS: [order("o1", psp_reference="c1")]}
    files = {each: write(tmp_path / f"{each.name}.parquet", each, rows[each]) for each in rows}
    absent = pa.nulls(1, arrow_schema(table).field(name).type)
    pq.write_table(with_column(table, rows[table], name, absent), files[table], write_statistics=statistics)
    with pytest.raises(ConfigurationError, match=f"column {name} holds NULL"):
        call(tmp_path, files[LINES], files[ORDERS])
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("amounts", [pa.array(["100.0000004"]), pa.array([Decimal("100.0000004")]), pa.array([True])])
def test_money_that_would_be_rounded_or_made_up_is_refused(tmp_path, amounts):
    path = tmp_path / "o.parquet"
    pq.write_table(with_column(ORDERS, [order("o1", psp_reference="c1")], "amount", amounts), path)
    with pytest.raises(ConfigurationError, match=r"amount does not fit DECIMAL\(18,6\)"):
        call(tmp_path, write(tmp_path / "l.parquet", LINES, [line(1, psp_reference="c1")]), path)


@pytest.mark.parametrize("moments", [pa.array([AS_OF.replace(tzinfo=None)]), pa.array([DAY]), pa.array(["2026-03-03"])])
def test_an_instant_without_a_zone_is_refused(tmp_path, moments):
    path = tmp_path / "o.parquet"
    pq.write_table(with_column(ORDERS, [order("o1")], "due_at", moments), path)
    with pytest.raises(ConfigurationError, match=r"due_at is .* has to be a timestamp with its zone"):
        call(tmp_path, write(tmp_path / "l.parquet", LINES, []), path)


def test_a_line_of_an_unknown_type_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="1 lines are of a type there is not"):
        run(tmp_path, [line(1, line_type="PAYMENTS")], [])


def test_an_order_of_an_unknown_status_is_refused_and_not_lost(tmp_path):
    with pytest.raises(ConfigurationError, match="1 orders have a status there is not; known are CREATED, PENDING"):
        run(tmp_path, [line(1)], [order("o1", status="paid")])
    assert list((tmp_path / "out").iterdir()) == []


def test_an_order_of_another_merchant_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="1 orders are of another merchant than 30145"):
        run(tmp_path, [line(1, merchant_reference="o1")], [order("o1", merchant="other")])


@pytest.mark.parametrize("line_no", [-5, 0, 2**41])
def test_a_line_with_an_impossible_number_is_refused_and_not_lost(tmp_path, line_no):
    with pytest.raises(ConfigurationError, match="1 lines have a number that is not between 1 and"):
        run(tmp_path, [line(1, psp_reference="c1"), line(line_no, psp_reference="c2")], [])
    assert list((tmp_path / "out").iterdir()) == []


def test_a_payment_beyond_every_limit_is_compared_with_the_contract_like_any_other(tmp_path):
    result = run(
        tmp_path, [line(1, psp_reference="c1", gross="300000")], [order("o1", psp_reference="c1", amount="300000")]
    )
    assert [reason["expected"] for reason in result.line(1)["reasons"]] == ["11970.000000"]


def test_what_a_killed_run_left_is_swept_by_the_next(tmp_path):
    left = tmp_path / "out" / ".reconcile.quarantine-killed"
    left.mkdir(parents=True)
    (left / "outcomes.parquet").touch()
    run(tmp_path, [line(1)], [])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "open_items.parquet",
        "outcomes.parquet",
        "suggestions.parquet",
    ]


def test_text_that_is_no_amount_is_refused(tmp_path):
    lines = tmp_path / "l.parquet"
    table = pa.Table.from_pylist([line(1)], arrow_schema(LINES))
    pq.write_table(table.set_column(table.schema.get_field_index("gross"), "gross", pa.array(["a lot"])), lines)
    with pytest.raises(ConfigurationError) as refused:
        call(tmp_path, lines, write(tmp_path / "o.parquet", ORDERS, []))
    assert "a lot" not in str(refused.value)


@pytest.mark.parametrize("references", [{}, {"psp_reference": "c1"}])
@pytest.mark.parametrize("status", ["PAID", "EXPIRED"])
def test_an_order_with_two_rows_is_refused(tmp_path, references, status):
    twice = [order("o1", status=status, **references), order("o1", status=status, amount="5", **references)]
    with pytest.raises(Refusal, match="1 rows for an order_id that is there already"):
        run(tmp_path, [line(1, psp_reference="c1")], twice)


@pytest.mark.parametrize("references", [{}, {"psp_reference": "c1"}])
def test_a_line_that_is_there_twice_is_refused(tmp_path, references):
    with pytest.raises(Refusal, match="1 lines are there twice"):
        run(tmp_path, [line(1, **references), line(1, **references)], [order("o1", psp_reference="c1")])


def test_lines_of_another_source_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="another source than shop_pe"):
        run(tmp_path, [line(1, source="other")], [])


def test_what_is_not_there_is_named(tmp_path):
    orders = write(tmp_path / "o.parquet", ORDERS, [])
    with pytest.raises(ConfigurationError, match="does not exist"):
        call(tmp_path, tmp_path / "nowhere.parquet", orders)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigurationError, match="no Parquet file"):
        call(tmp_path, tmp_path / "folder", orders)
    with pytest.raises(ConfigurationError, match="time zone"):
        call(tmp_path, [], orders, as_of=datetime(2026, 3, 3))  # noqa: DTZ001  that it has no zone is tested
    with pytest.raises(ConfigurationError, match="no engine 'excel'"):
        call(tmp_path, [], orders, compute=Compute("excel"))


def test_a_folder_and_its_files_give_the_same_bytes(tmp_path):
    folder, orders = tmp_path / "lines", write(tmp_path / "o.parquet", ORDERS, [order("o1")])
    folder.mkdir()
    parts = [write(folder / f"{n}.parquet", LINES, [line(n, merchant_reference="o1")]) for n in (1, 2)]
    first = call(tmp_path, folder, orders)
    assert call(tmp_path, parts[::-1], orders, out=tmp_path / "again").outcome_hash == first.outcome_hash


def test_the_report_counts_rows_and_money_at_risk(tmp_path):
    lines = [
        line(1, merchant_reference="o1"), line(2, merchant_reference="o2", gross="90"),
        line(3, psp_reference="c3"), line(4, line_type="PAYOUT", gross="-250"),
    ]  # fmt: skip
    orders = [order("o1"), order("o2"), order("o3", psp_reference="c3"), order("o4", psp_reference="c3"), order("o5")]
    report = run(tmp_path, lines, orders).report
    assert {(t.outcome, t.currency, t.count, t.money, t.at_risk) for t in report.outcomes} == {
        ("matched", "PEN", 1, Decimal(100), Decimal(0)),
        ("amount_mismatch", "PEN", 1, Decimal(90), Decimal(10)),
        ("ambiguous", "PEN", 3, Decimal(300), Decimal(100)),
        ("not_an_order", "PEN", 1, Decimal(250), Decimal(0)),
        ("missing_in_settlement", "PEN", 1, Decimal(100), Decimal(100)),
    }
    assert (report.lines, report.items, report.breaks, report.open_items) == (4, 7, 5, 5)
    assert Path(report.outcomes_path).name == "outcomes.parquet"


def test_a_quote_in_a_value_stays_a_value(tmp_path):
    channel = SOURCE.fees[0].model_copy(update={"channel": "o'clock"})
    source = SOURCE.model_copy(update={"fees": (channel,)})
    row = run(tmp_path, [line(1, merchant_reference="o'1", channel="o'clock")], [order("o'1")], source=source).line(1)
    assert row["outcome"] == "matched"


def test_lines_far_apart_in_many_archives_come_out_in_the_order_of_the_file(tmp_path):
    places = [(letter * 64, n) for letter in "abcd" for n in (1, 249_999, 250_000, 250_001, 700_000)]
    places += [(f"{n:064x}", n) for n in range(1, 40)]
    rows = run(tmp_path, [line(n, archive_id=archive) for archive, n in reversed(places)], [order("o1")]).rows
    assert [(row["archive_id"], row["line_no"]) for row in rows] == [*sorted(places), (None, None)]


def test_only_the_files_that_are_given_are_read_and_only_what_stands_in_them(tmp_path):
    folder = tmp_path / "currency=USD"
    folder.mkdir()
    write(folder / "orders1.parquet", ORDERS, [order("o9", psp_reference="c1", amount="5")])
    report = reconcile(
        lines=write(folder / "lines[*].parquet", LINES, [line(1, psp_reference="c1")]),
        orders=write(folder / "orders[1].parquet", ORDERS, [order("o1", psp_reference="c1")]),
        source=SOURCE, as_of=AS_OF, out=tmp_path / "out",
    )  # fmt: skip
    [row] = pq.read_table(report.outcomes_path).to_pylist()
    assert (row["order_id"], row["currency"], row["outcome"]) == ("o1", "PEN", "matched")


@pytest.mark.parametrize("fee", ["much", "9" * 30])
def test_a_value_that_does_not_fit_is_in_no_message_and_no_trace(tmp_path, fee):
    table = pa.Table.from_pylist([line(1)], arrow_schema(LINES))
    table = table.set_column(table.schema.get_field_index("line_no"), "line_no", pa.array([fee]))
    pq.write_table(table, tmp_path / "lines.parquet")
    orders = write(tmp_path / "orders.parquet", ORDERS, [])
    with pytest.raises(ConfigurationError) as refusal:
        reconcile(lines=tmp_path / "lines.parquet", orders=orders, source=SOURCE, as_of=AS_OF, out=tmp_path / "out")
    assert fee not in "".join(traceback.format_exception(refusal.value))
