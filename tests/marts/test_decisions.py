"""What people decide about breaks: who may, for how long it counts, and that nothing of it is ever lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from typer.testing import CliRunner

from cuadre.cli.app import app
from cuadre.config import Source
from cuadre.marts.decisions import Wish, approve, decide, settled
from cuadre.model.codes import DecisionKind
from cuadre.model.errors import ConfigurationError, Refusal
from cuadre.pipeline.publish import publish
from tests.marts.conftest import Reader
from tests.marts.days import DAY, LATER, NEXT, NOON, Story, judged, line, missing, plain, reason, still_open

SMALL, LARGE = "item-3", "item-ORDER9"
"""A difference of S/10, and a missing order; whoever accepts more than S/30 needs a second person."""

Decide = Callable[..., dict[str, Any]]


@pytest.fixture
def limited(source: Source) -> Source:
    return source.model_copy(
        update={"decisions": source.decisions.model_copy(update={"second_person_above": {"PEN": Decimal(30)}})}
    )


@pytest.fixture
def decided(warehouse_url: str, limited: Source, tmp_path: Path) -> Decide:
    """The plain day is published; decides an hour later each time, as ana, unless told otherwise."""
    publish(plain().write(tmp_path / "plain"), limited, url=warehouse_url, now=NOON)
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("CREATE SCHEMA shop")
        connection.execute("CREATE TABLE shop.orders (order_id text, merchant text)")
        connection.execute("INSERT INTO shop.orders VALUES ('ORDER7', %s)", (limited.merchant,))
    times = iter(LATER + timedelta(hours=hours) for hours in range(100))

    def one(item: str, kind: DecisionKind = DecisionKind.accept, **more: Any) -> dict[str, Any]:
        wish = Wish(item, kind, **({"reason": "agreed by telephone", "by": "ana"} | more))
        return decide(warehouse_url, limited, wish, now=next(times))

    return one


def _breaks(read: Reader) -> dict[str, tuple[Any, ...]]:
    rows = read("SELECT * FROM recon.open_break ORDER BY item_id")
    return {row["item_id"]: (row["state"], row["unreconciled"], row["decision"]) for row in rows}


def test_an_undecided_break_shows_its_age_and_counts_in_full(decided: Decide, read: Reader) -> None:
    assert _breaks(read) == {SMALL: ("undecided", 10, None), LARGE: ("undecided", 40, None)}
    (row,) = read("SELECT * FROM recon.open_break WHERE item_id = %s", SMALL)
    assert (row["age_days"], row["age_bucket"], row["last_change"]) == (0, "0-1", NOON)


def test_a_small_break_is_accepted_by_one_person_and_counts_no_more(decided: Decide, read: Reader) -> None:
    made = decided(SMALL)
    assert (made["needs_second"], made["amount"]) == (False, 10)
    assert _breaks(read)[SMALL] == ("settled", 0, "accept")
    (row,) = read("SELECT * FROM recon.open_break WHERE item_id = %s", SMALL)
    assert (row["decided_by"], row["decision_reason"], row["last_change"]) == ("ana", "agreed by telephone", LATER)


def test_a_large_break_waits_until_somebody_else_approves(decided: Decide, warehouse_url: str, read: Reader) -> None:
    made = decided(LARGE, DecisionKind.write_off)["decision_id"]
    assert _breaks(read)[LARGE] == ("waiting", 40, "write_off")
    with pytest.raises(Refusal, match="somebody else"):
        approve(warehouse_url, made, "ana", now=LATER)
    approve(warehouse_url, made, "bea", now=LATER + timedelta(days=1))
    assert _breaks(read)[LARGE] == ("settled", 0, "write_off")
    with pytest.raises(Refusal, match="counts already"):
        approve(warehouse_url, made, "carl", now=LATER)


def test_a_currency_without_a_limit_always_needs_a_second_person(
    decided: Decide, warehouse_url: str, source: Source
) -> None:
    nobody = source.model_copy(update={"decisions": source.decisions.model_copy(update={"second_person_above": {}})})
    made = decide(warehouse_url, nobody, Wish(SMALL, DecisionKind.accept, "fine", "ana"), now=NOON)
    assert made["needs_second"]


def test_an_approval_of_ones_own_that_was_written_past_the_command_does_not_count(
    decided: Decide, warehouse_url: str, read: Reader
) -> None:
    made = decided(LARGE)["decision_id"]
    with psycopg.connect(warehouse_url) as connection:
        connection.execute(
            "INSERT INTO recon.decision SELECT 'forged', source, item_id, 'approve', reason, decision_id, NULL, NULL, "
            "outcome, currency, expected, got, delta, amount, FALSE, decided_by, decided_at FROM recon.decision "
            "WHERE decision_id = %s",
            (made,),
        )
    assert _breaks(read)[LARGE] == ("waiting", 40, "accept")


def test_decisions_survive_the_days_being_published_again_and_from_nothing(
    decided: Decide, warehouse_url: str, limited: Source, read: Reader, tmp_path: Path
) -> None:
    decided(SMALL)
    before = read("SELECT * FROM recon.decision")
    publish(plain().but(outcomes=plain().outcomes[:4]).write(tmp_path / "2"), limited, url=warehouse_url, now=LATER)
    assert _breaks(read) == {SMALL: ("settled", 0, "accept")}
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("TRUNCATE recon.recon_line_history, recon.recon_break_history, recon.run_receipt_history")
    publish(plain().write(tmp_path / "3"), limited, url=warehouse_url, now=LATER)
    assert _breaks(read) == {SMALL: ("settled", 0, "accept"), LARGE: ("undecided", 40, None)}
    assert read("SELECT * FROM recon.decision") == before


def _other_amount() -> Story:
    story = plain()
    less = [reason("AMOUNT_DIFFERS", field="gross", expected="95", got="90", delta=Decimal(-5))]
    other = judged(story.lines[2], "amount_mismatch", expected=Decimal(95), delta=Decimal(-5), reasons=less)
    return story.but(outcomes=(*story.outcomes[:2], other, *story.outcomes[3:]))


def test_an_item_that_changes_is_open_again_with_the_cause_and_settled_again_when_it_changes_back(
    decided: Decide, warehouse_url: str, limited: Source, read: Reader, tmp_path: Path
) -> None:
    made = decided(SMALL)
    publish(_other_amount().write(tmp_path / "2"), limited, url=warehouse_url, now=LATER + timedelta(days=1))
    (row,) = read("SELECT * FROM recon.open_break WHERE item_id = %s", SMALL)
    assert (row["state"], row["unreconciled"], row["decision_id"]) == ("reopened", 5, made["decision_id"])
    assert row["reopened_because"] == ("expected was 100.000000, is 95.000000; delta was -10.000000, is -5.000000")
    publish(plain().write(tmp_path / "3"), limited, url=warehouse_url, now=LATER + timedelta(days=2))
    assert _breaks(read)[SMALL] == ("settled", 0, "accept")


def test_nobody_approves_what_has_changed_since(
    decided: Decide, warehouse_url: str, limited: Source, tmp_path: Path
) -> None:
    made = decided(LARGE)["decision_id"]
    dearer = plain().but(outcomes=(*plain().outcomes[:4], missing("ORDER9", "41")))
    publish(dearer.write(tmp_path / "2"), limited, url=warehouse_url, now=LATER)
    with pytest.raises(Refusal, match="decide anew"):
        approve(warehouse_url, made, "bea", now=LATER)


def test_a_decision_or_an_approval_is_undone_by_a_later_void_and_by_nothing_else(
    decided: Decide, warehouse_url: str, read: Reader
) -> None:
    made = decided(LARGE)["decision_id"]
    seconded = approve(warehouse_url, made, "bea", now=LATER)["decision_id"]
    decided(LARGE, DecisionKind.void, refers_to=seconded)
    assert _breaks(read)[LARGE][0] == "waiting"
    decided(LARGE, DecisionKind.void, refers_to=made)
    assert _breaks(read)[LARGE] == ("undecided", 40, None)
    for again in (made, "unknown"):
        with pytest.raises(Refusal):
            decided(LARGE, DecisionKind.void, refers_to=again)
        with pytest.raises(Refusal, match="not void"):
            approve(warehouse_url, again, "carl", now=LATER)
    assert len(read("SELECT * FROM recon.decision")) == 4


@pytest.mark.parametrize(
    "change", ["UPDATE recon.decision SET reason = 'x'", "DELETE FROM recon.decision", "TRUNCATE recon.decision"]
)
def test_the_warehouse_refuses_to_change_a_decision(decided: Decide, warehouse_url: str, change: str) -> None:
    decided(SMALL)
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("SET session_replication_role = replica")  # which silences ordinary triggers
        with pytest.raises(errors.RestrictViolation):
            connection.execute(change.encode())


def test_an_analyst_reads_decisions_and_writes_none(decided: Decide, warehouse_url: str) -> None:
    decided(SMALL)
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("SET ROLE cuadre_analyst")
        found = connection.execute("SELECT state FROM recon.open_break WHERE item_id = %s", (SMALL,)).fetchall()
        assert found == [("settled",)]
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("INSERT INTO recon.decision SELECT * FROM recon.decision")


def test_an_item_is_linked_with_an_order_or_another_open_item_that_exists(decided: Decide, read: Reader) -> None:
    decided(SMALL, DecisionKind.link, linked_to="ORDER7")
    decided(SMALL, DecisionKind.link, linked_to=LARGE)
    (row,) = read("SELECT state, linked_to FROM recon.open_break WHERE item_id = %s", SMALL)
    assert row == {"state": "settled", "linked_to": LARGE}
    with pytest.raises(Refusal, match="no order"):
        decided(SMALL, DecisionKind.link, linked_to="ORDER8")


def test_the_latest_assignee_looks_after_it_and_remarks_change_nothing(decided: Decide, read: Reader) -> None:
    decided(SMALL, DecisionKind.assign, assignee="ana")
    last = decided(SMALL, DecisionKind.assign, assignee="bea")
    decided(SMALL, DecisionKind.comment)
    (row,) = read("SELECT state, assignee, last_change FROM recon.open_break WHERE item_id = %s", SMALL)
    assert row == {"state": "undecided", "assignee": "bea", "last_change": last["decided_at"]}


@pytest.mark.parametrize(
    "wish",
    [
        Wish(SMALL, DecisionKind.accept, "fine", "ana@example.org"),
        Wish(SMALL, DecisionKind.accept, "fine", "Ana"),
        Wish(SMALL, DecisionKind.accept, "fine", "ana\n"),
        Wish(SMALL, DecisionKind.accept, "  ", "ana"),
        Wish(SMALL, DecisionKind.assign, "fine", "ana", assignee="Bea B."),
        Wish(SMALL, DecisionKind.assign, "fine", "ana"),
        Wish(SMALL, DecisionKind.link, "fine", "ana"),
        Wish(SMALL, DecisionKind.void, "fine", "ana"),
        Wish(SMALL, DecisionKind.accept, "fine", "ana", linked_to="ORDER7"),
        Wish(SMALL, DecisionKind.approve, "fine", "ana"),
    ],
)
def test_a_wish_of_no_known_shape_is_wrong_usage(warehouse_url: str, source: Source, wish: Wish) -> None:
    with pytest.raises(ConfigurationError):
        decide(warehouse_url, source, wish, now=NOON)


def test_what_is_unknown_or_closed_is_refused(
    decided: Decide, warehouse_url: str, limited: Source, read: Reader, tmp_path: Path
) -> None:
    with pytest.raises(Refusal, match="has no break"):
        decided("item-1")
    opened = (still_open(plain().outcomes[4]),)
    after = Story(opened=opened, admissions=(), day=NEXT)
    publish(after.write(tmp_path / "next"), limited, url=warehouse_url, now=LATER)
    assert LARGE not in _breaks(read)
    with pytest.raises(Refusal, match="closed since 2026-03-05"):
        decided(LARGE)
    decided(LARGE, DecisionKind.comment)


def test_what_is_settled_of_a_day_is_told_apart_by_new_and_carried(
    decided: Decide, warehouse_url: str, limited: Source, tmp_path: Path
) -> None:
    assert settled(warehouse_url, limited.source, DAY) == ()
    decided(SMALL)
    decided(LARGE)
    (new,) = settled(warehouse_url, limited.source, DAY)
    assert (new.outcome, new.currency, new.count, new.at_risk, new.carried) == ("amount_mismatch", "PEN", 1, 10, 0)
    stranger = line(20, settlement_date=NEXT)
    story = Story(
        lines=(stranger,),
        outcomes=(
            judged(
                stranger,
                "amount_mismatch",
                settlement_date=NEXT,
                first_seen=NEXT,
                expected=Decimal(90),
                delta=Decimal(10),
            ),
        ),
        day=NEXT,
    )
    publish(story.write(tmp_path / "next"), limited, url=warehouse_url, now=LATER)
    decided("item-20")
    (both,) = settled(warehouse_url, limited.source, NEXT)
    assert (both.count, both.at_risk, both.carried, both.carried_at_risk) == (2, 20, 1, 10)
    assert settled(warehouse_url, limited.source, DAY) == (new,)


def test_the_commands_decide_and_approve(decided: Decide, warehouse_url: str, read: Reader) -> None:
    file = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"

    def run(*words: str) -> Any:
        return CliRunner().invoke(app, [*words], env={"CUADRE_WAREHOUSE": warehouse_url})

    said = ("--source", str(file), "--reason", "agreed", "--by", "ana")
    done = run("decide", SMALL, "--kind", "accept", *said, "--json")
    assert (done.exit_code, json.loads(done.stdout)["kind"]) == (0, "accept")
    assert _breaks(read)[SMALL][0] == "settled"
    assert run("decide", SMALL, "--kind", "shrug", *said).exit_code == 2
    refused = run("approve", json.loads(done.stdout)["decision_id"], "--by", "bea")
    assert isinstance(refused.exception, Refusal)


def test_an_order_that_one_item_is_linked_with_is_no_other_ones(
    decided: Decide, warehouse_url: str, limited: Source, tmp_path: Path
) -> None:
    also = judged(line(7), "missing_in_orders", item_id="item-7", order_id=None, expected=None, delta=Decimal(100))
    publish(
        plain().but(outcomes=(*plain().outcomes, also)).write(tmp_path / "2"), limited, url=warehouse_url, now=LATER
    )
    made = decided(SMALL, DecisionKind.link, linked_to="ORDER7")["decision_id"]
    for target in ("ORDER7", SMALL):
        with pytest.raises(Refusal, match=f"Decision {made} links {SMALL} with ORDER7: a record belongs to one other"):
            decided("item-7", DecisionKind.link, linked_to=target)
    decided(SMALL, DecisionKind.void, refers_to=made)
    decided("item-7", DecisionKind.link, linked_to="ORDER7")


def test_an_item_is_not_linked_with_itself_nor_with_an_order_that_a_line_cleared(
    decided: Decide, warehouse_url: str
) -> None:
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("INSERT INTO shop.orders SELECT 'ORDER1', merchant FROM shop.orders")
    with pytest.raises(Refusal, match="cannot be linked with itself"):
        decided(SMALL, DecisionKind.link, linked_to=SMALL)
    with pytest.raises(Refusal, match="A line cleared ORDER1 already"):
        decided(LARGE, DecisionKind.link, linked_to="ORDER1")


def test_of_two_links_with_one_order_at_once_one_is_refused(
    decided: Decide, warehouse_url: str, limited: Source
) -> None:
    def link(item: str) -> str:
        wish = Wish(item, DecisionKind.link, "agreed", "ana", linked_to="ORDER7")
        try:
            return str(decide(warehouse_url, limited, wish, now=LATER)["kind"])
        except Refusal:
            return "refused"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(link, (SMALL, LARGE))) == ["link", "refused"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("\u200b \n", "whoever reads it later"),
        ("x" * 2_001, "at most 2,000"),
        ("a\0b", "control"),
        ("a\udcff", "not text"),
    ],
)
def test_a_reason_nobody_could_read_is_wrong_usage(
    decided: Decide, warehouse_url: str, read: Reader, reason: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        decided(SMALL, reason=reason)
    with pytest.raises(ConfigurationError, match="An id is not text"):
        decided(f"{SMALL}\0")
    with pytest.raises(ConfigurationError, match="An id is not text"):
        approve(warehouse_url, "\udcff", "bea", now=LATER)
    assert read("SELECT * FROM recon.decision") == []
