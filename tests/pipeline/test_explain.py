"""Explain: from any of its references, the whole life of an item, a batch or a bank credit, out of the lake."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from cuadre.cli.picture import draw
from cuadre.marts.decisions import Wish, decide
from cuadre.matching.types import empty
from cuadre.model.codes import DecisionKind
from cuadre.model.columns import BANK_CREDITS, BANK_MATCHES, LINES, ORDERS, OUTCOMES
from cuadre.model.errors import ConfigurationError, Refusal, StoreDamaged
from cuadre.model.measures import at_risk_sql
from cuadre.pipeline.explain import MOST_BREAKS, explain, items_named
from cuadre.pipeline.life import Explanation, Item
from cuadre.pipeline.search import Search
from cuadre.sandbox.archive import SandboxDay
from cuadre.sources import open_store
from tests.fixtures.command import Done, cuadre
from tests.pipeline.conftest import House

Days = list[SandboxDay]


def outcomes_where(here: House, condition: str) -> list[dict[str, Any]]:
    """Rows of all outcome files, with the columns of their line."""
    folder = here.root / "store" / "lake" / here.source.source
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT o.*, l.* EXCLUDE (source, settlement_date, archive_id, line_no, line_type, currency) "
            f"FROM '{folder}/*/runs/*/outcomes.parquet' o "
            f"LEFT JOIN '{folder}/*/lines/*/*.parquet' l ON o.archive_id = l.archive_id AND o.line_no = l.line_no "
            f"WHERE {condition} ORDER BY o.settlement_date, o.item_id"
        )
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def explained(here: House, reference: str) -> Explanation:
    return explain(here.work, here.source, reference)


def item_of(here: House, reference: str) -> Item:
    (item,) = explained(here, reference).items
    return item


def test_a_break_is_told_from_archive_and_signer_to_what_each_day_said_of_it(past: House, past_days: Days) -> None:
    first = past_days[0]
    row, *_ = outcomes_where(past, f"outcome = 'amount_mismatch' AND first_seen = DATE '{first.day}' AND got > 0")
    item = item_of(past, row["order_id"])
    (line,) = item.lines
    assert line.place == (row["archive_id"], row["line_no"])
    assert (line.gross, line.batch_id, line.settlement_date) == (row["got"], row["batch_id"], first.day)
    (archive,) = item.archives
    assert archive.name in {path.name for path in first.archives}
    assert (archive.signer, archive.verdict, archive.counts) == (first.signer, "admitted", True)
    assert [each.settlement_date for each in item.outcomes] == [made.day for made in past_days]
    assert [each.age_days for each in item.outcomes] == [0, 1, 2]
    assert {each.outcome for each in item.outcomes} == {"amount_mismatch"}
    reason = next(each for each in item.outcomes[0].reasons if each.code == "AMOUNT_DIFFERS")
    assert reason.delta == row["delta"]
    (order,) = item.orders
    assert (order.order_id, order.amount) == (row["order_id"], row["expected"])
    assert order.first_seen == first.day
    (batch,) = item.batches
    assert (batch.batch_id, batch.status) == (line.batch_id, "balanced")
    assert batch.credit_id == f"BC-{batch.batch_id}-{batch.currency}"


def test_every_reference_of_a_line_leads_to_the_same_item(past: House) -> None:
    row, *_ = outcomes_where(past, "outcome = 'status_mismatch' AND o.line_type = 'PAYMENT'")
    names = (row["order_id"], row["psp_reference"], row["operation_reference"], row["item_id"])
    found = [item_of(past, name) for name in names]
    assert found == [found[0]] * len(names)


def test_what_was_given_back_stands_beside_the_payment_whichever_day_it_came(past: House, past_days: Days) -> None:
    row, *_ = outcomes_where(
        past, f"o.line_type = 'REFUND' AND order_id IS NOT NULL AND o.settlement_date > DATE '{past_days[0].day}'"
    )
    item = item_of(past, row["order_id"])
    assert {line.line_type for line in item.lines} >= {"PAYMENT", "REFUND"}
    assert row["line_no"] in {each.line_no for each in item.outcomes if each.line_type == "REFUND"}


def test_a_reference_of_two_orders_shows_both_each_by_itself(past: House) -> None:
    row, *_ = outcomes_where(past, "outcome = 'ambiguous' AND reasons[1].code = 'SEVERAL_ORDERS' AND o.line_no > 0")
    found = explained(past, row["psp_reference"])
    orders = {order.order_id for item in found.items for order in item.orders}
    assert orders == set(row["reasons"][0]["got"].split(", "))
    assert len(found.items) == 1 + len(orders)
    assert [item.lines[0].line_no for item in found.items if item.lines] == [row["line_no"]]


def test_an_order_id_that_is_another_order_s_cip_shows_both_each_with_its_own_line(
    house: Callable[[SandboxDay], House], sandbox_day: Callable[..., SandboxDay]
) -> None:
    made = sandbox_day(60, breaks=0.0)
    here = house(made)
    here.receive(made)
    table = here.source.orders.table
    paid = here.rows(
        f"SELECT order_id FROM {table} WHERE status = 'PAID' AND due_at <= now() ORDER BY order_id LIMIT 2"
    )
    one, other = (str(order_id) for (order_id,) in paid)
    with psycopg.connect(here.warehouse) as connection:
        connection.execute(f"UPDATE {table} SET psp_reference = %s WHERE order_id = %s".encode(), (one, other))
    here.run(made.day)
    items = explained(here, one).items
    assert [[order.order_id for order in item.orders] for item in items] in ([[one], [other]], [[other], [one]])
    assert [len({line.place for line in item.lines}) for item in items] == [1, 1]
    assert {item.lines[0].merchant_reference for item in items} == {one, other}
    assert all({each.order_id for each in item.outcomes} == {item.orders[0].order_id} for item in items)


def test_an_order_without_a_line_is_told_by_its_snapshots(past: House) -> None:
    row, *_ = outcomes_where(past, "outcome = 'missing_in_settlement'")
    item = item_of(past, row["order_id"])
    assert (item.lines, item.archives, item.batches) == ((), (), ())
    assert item.outcomes[-1].reasons[0].code == "LINE_NOT_FOUND"


def test_a_batch_is_added_up_with_its_outcomes_its_breaks_and_what_the_bank_credited(past: House) -> None:
    row, *_ = outcomes_where(past, "o.line_type = 'PAYMENT' AND outcome = 'amount_mismatch' AND age_days = 0")
    found = explained(past, row["batch_id"])
    assert found.items == ()
    life = next(each for each in found.batches if each.batch.currency == row["currency"])
    place = f"batch_id = '{row['batch_id']}' AND o.currency = '{row['currency']}' AND age_days = 0"
    inside = outcomes_where(past, f"{place} AND o.line_type <> 'PAYOUT'")
    assert life.batch.lines == len(inside)
    assert life.batch.net == sum(each["net"] for each in inside) == life.batch.bank_amount
    assert sum(total.count for total in life.outcomes) == len(inside) + 1
    risky = outcomes_where(past, f"{place} AND o.line_type <> 'PAYOUT' AND {at_risk_sql()} > 0")
    assert {each.item_id for each in life.breaks} <= {each["item_id"] for each in risky}
    assert len(life.breaks) == min(len(risky), MOST_BREAKS)
    assert [line.line_no for line in life.first_lines] == sorted(line.line_no for line in life.first_lines)
    assert [(each.status, each.credit_id) for each in life.batch.latest] == [("balanced", life.batch.credit_id)]
    (of_credit,) = explained(past, str(life.batch.credit_id)).batches
    assert of_credit == life


def test_the_journal_of_the_days_concerned_is_told_and_no_other(past: House, past_days: Days) -> None:
    last = past_days[-1].day
    row, *_ = outcomes_where(past, f"outcome = 'missing_in_orders' AND first_seen = DATE '{last}'")
    steps = explained(past, row["operation_reference"]).journal
    assert {step.settlement_date for step in steps} == {last}
    assert [step.step for step in steps] == [
        "wait", "fetch", *["admit"] * len(past_days[-1].archives), "check", "reconcile", "publish", "receipt", "alert",
    ]  # fmt: skip


def test_the_warehouse_adds_its_breaks_and_nobody_waits_for_one_that_is_gone(past: House) -> None:
    row, *_ = outcomes_where(past, "outcome = 'missing_in_settlement'")
    asked = explain(past.work, past.source, row["order_id"], warehouse=past.warehouse)
    assert [(each["item_id"], each["status"]) for each in asked.items[0].breaks] == [(row["item_id"], "open")]
    assert asked.warehouse == "was asked"
    gone = explain(past.work, past.source, row["order_id"], warehouse="postgresql://nobody@127.0.0.1:1/nothing")
    assert gone.warehouse.startswith("did not answer: ")
    assert (gone.items[0].breaks, gone.items[0].outcomes) == ((), asked.items[0].outcomes)


def test_what_people_decided_is_told_with_who_and_when(past: House) -> None:
    row, *_ = outcomes_where(past, "outcome = 'currency_mismatch' AND age_days = 2")
    at = datetime(2026, 3, 9, 15, tzinfo=UTC)
    wish = Wish(row["item_id"], DecisionKind.comment, "Asked the shop.", "ana")
    decide(past.warehouse, past.source, wish, now=at)
    item = next(
        each
        for each in explain(past.work, past.source, row["item_id"], warehouse=past.warehouse).items
        if row["item_id"] in each.item_ids
    )
    assert [(each["kind"], each["decided_by"], each["decided_at"]) for each in item.decisions] == [
        ("comment", "ana", at)
    ]
    shown = command(past, row["item_id"], CUADRE_WAREHOUSE=past.warehouse).stdout
    assert re.search(r"2026-03-09 15:00Z +comment +ana .*Asked the shop\.", shown)


def test_what_is_nowhere_is_refused_with_what_was_searched(past: House, past_days: Days) -> None:
    with pytest.raises(Refusal, match=f"nothing is called O'Neill on the 3 days from {past_days[0].day}"):
        explained(past, "O'Neill")
    row, *_ = outcomes_where(past, f"outcome = 'missing_in_orders' AND first_seen = DATE '{past_days[-1].day}'")
    with pytest.raises(Refusal, match="on the 1 days"):
        explain(past.work, past.source, row["operation_reference"], last=past_days[0].day)
    with pytest.raises(Refusal, match="no day to search"):
        explain(past.work, past.source, "x", last=past_days[0].day - timedelta(days=1))


def test_lines_of_an_archive_that_was_replaced_are_shown_as_not_counting(
    house: Callable[[SandboxDay], House], sandbox_day: Callable[..., SandboxDay]
) -> None:
    old, new = sandbox_day(40, seed=7), sandbox_day(41, seed=8)
    here = house(old)
    here.receive(old)
    here.run(old.day)
    replaced, *_ = outcomes_where(here, "outcome = 'matched'")
    here.receive(new)
    here.run(new.day, now=here.now(new.day) + timedelta(hours=1))
    (archive,) = item_of(here, replaced["operation_reference"]).archives
    assert (archive.archive_id, archive.counts) == (old.archive_ids[0], False)


def command(here: House, reference: str, *more: object, **variables: str) -> Done:
    place = {"CUADRE_STORE": str(here.root / "store"), "CUADRE_SCRATCH": str(here.root / "scratch")}
    place |= {"CUADRE_JOURNAL": str(here.root / "journal.jsonl"), "CUADRE_SOURCES": str(here.source_file.parent)}
    return cuadre("explain", reference, *more, environment=place | {"CUADRE_WAREHOUSE": ""} | variables)


def test_the_command_draws_one_screen_or_says_all_as_json(past: House) -> None:
    row, *_ = outcomes_where(past, "outcome = 'amount_mismatch' AND got > 0")
    shown = command(past, row["order_id"])
    assert shown.returncode == 0, shown.stderr
    assert len(shown.stdout.splitlines()) <= 40
    for told in (row["item_id"], row["archive_id"][:12], row["batch_id"], "AMOUNT_DIFFERS", "amount_mismatch"):
        assert told in shown.stdout
    assert re.search(r"signed \d{4}-\d\d-\d\d \d\d:\d\dZ\n.*by [0-9A-F]{40}", shown.stdout)
    assert "3 days searched; the warehouse was not asked." in shown.stderr
    said = json.loads(command(past, row["order_id"], "--json").stdout)
    assert set(said) == {"source", "reference", "days", "items", "batches", "credits", "journal", "warehouse"}
    assert Decimal(said["items"][0]["lines"][0]["gross"]) == row["got"]


def test_the_command_exits_with_3_for_what_is_nowhere(past: House) -> None:
    done = command(past, "nowhere", "--json")
    assert (done.returncode, done.stdout) == (3, "")
    assert "Searched: order ids" in done.stderr


def test_nothing_a_reference_holds_moves_the_terminal(past: House, capsys: pytest.CaptureFixture[str]) -> None:
    row, *_ = outcomes_where(past, "outcome = 'missing_in_settlement'")
    found = explained(past, row["order_id"])
    item = found.items[0]
    order = replace(item.orders[0], order_id="SO-1\x1b[2J\u202e")
    draw(replace(found, items=(replace(item, orders=(order,)),)))
    shown = capsys.readouterr().out
    assert "SO-1\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}" in shown
    assert "\x1b" not in shown


def test_a_reference_of_very_many_lines_is_looked_up_once_for_each_archive_and_drawn_in_one_screen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    many = 5_000
    with duckdb.connect() as connection:
        for table in (LINES, OUTCOMES, ORDERS, BANK_CREDITS, BANK_MATCHES):
            connection.execute(f"CREATE TABLE {table.name} AS {empty(table)}")
        connection.execute("ALTER TABLE orders ADD seen_on DATE")
        given = "archive_id, settlement_date, line_type, currency, occurred_at, gross, fee, tax, net"
        values = "'a', DATE '2026-03-04', 'PAYMENT', 'PEN', TIMESTAMPTZ '2026-03-04 00:00:00+00', 1, 0, 0, 1"
        numbers = f"FROM range(1, {many + 1}) t(n)"
        connection.execute(f"INSERT INTO lines ({given}, line_no, psp_reference) SELECT {values}, n, 'c' {numbers}")
        said = "archive_id, settlement_date, line_type, currency, outcome, reasons, first_seen, age_days, order_id"
        values = "'a', DATE '2026-03-04', 'PAYMENT', 'PEN', 'duplicate', [], DATE '2026-03-04', 0, 'o1'"
        connection.execute(f"INSERT INTO outcomes ({said}, line_no, item_id) SELECT {values}, n, n {numbers}")
        (item,) = items_named(Search(connection), "c", [])
    assert (len(item.lines), len(item.outcomes)) == (many, many)
    draw(Explanation("shop", "c", (), (item,), (), (), (), "was not asked"))
    assert len(capsys.readouterr().out.splitlines()) < 150


def test_a_search_that_ends_before_it_begins_is_wrong_usage(past: House, past_days: Days) -> None:
    with pytest.raises(ConfigurationError, match="the last one is before the first"):
        explain(past.work, past.source, "x", first=past_days[1].day, last=past_days[0].day)


def test_a_long_reference_and_one_that_speaks_to_the_terminal_are_only_told_of(past: House) -> None:
    asked = ["explain", "\x1b[31m" + "x" * 9_000, "--source", past.source_file, "--store", past.root / "store"]
    done = cuadre(*asked)
    assert (done.returncode, "\x1b" in done.stderr, len(done.stderr) < 1_000) == (3, False, True)


def test_a_store_that_is_not_there_is_wrong_usage(past: House) -> None:
    for asked in (["explain", "x"], ["replay", "--from", "2026-03-04", "--to", "2026-03-05"]):
        done = cuadre(*asked, "--source", past.source_file, "--store", past.root / "none")
        assert (done.returncode, "There is no store in" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_what_another_version_kept_is_a_sentence(past: House, past_days: Days, tmp_path: Path) -> None:
    shutil.copytree(past.root / "store", tmp_path / "store")
    for record in (tmp_path / "store").rglob(f"days/{past_days[0].day}.json"):
        record.write_text(json.dumps({"run": "1"}))
    work = replace(past.work, store=open_store(str(tmp_path / "store"), tmp_path))
    with pytest.raises(StoreDamaged, match="was written by another version of Cuadre, or is damaged"):
        explain(work, past.source, "x")
