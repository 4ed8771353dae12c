"""What people decide about open items: the table they are kept in, and the view that shows breaks with them."""

from __future__ import annotations

from cuadre.model.columns.canonical import CURRENCY, SOURCE
from cuadre.model.columns.declaring import (
    Column,
    Kind,
    Table,
    count,
    instant,
    instant_or_null,
    money,
    money_or_null,
    text,
    text_or_null,
)
from cuadre.model.columns.marts import RECON_BREAK

DECISION = Table(
    "decision",
    "one thing a person said of an item; never changed, never removed",
    ("decision_id",),
    (
        text("decision_id", "Id of the decision."),
        SOURCE,
        text("item_id", "The item decided on, as in `recon_break`."),
        text("kind", "The DecisionKind code."),
        text("reason", "Why, in words; no personal data."),
        text_or_null("refers_to", "For approve and void: the decision that is meant."),
        text_or_null("linked_to", "For link: the order id, or the item id, it belongs to."),
        text_or_null("assignee", "For assign: the login of whoever looks after it."),
        text("outcome", "Outcome of the item when it was decided on."),
        CURRENCY,
        money_or_null("expected", "What the order said then."),
        money_or_null("got", "What the line said then."),
        money_or_null("delta", "got - expected then."),
        money("amount", "Money decided on: what was at risk, or else what the item is about."),
        Column("needs_second", Kind.FLAG, "Whether it counts only once somebody else has approved it."),
        text("decided_by", "Login of the person; never an e-mail address."),
        instant("decided_at", "When."),
    ),
)

STANDING_DECISION = Table(
    "standing_decision",
    "one decision that settles an item and is not void, approved or not",
    ("decision_id",),
    (
        *(column for column in DECISION.columns if column.name not in {"refers_to", "assignee"}),
        text_or_null("approved_by", "Login of the first other person who approved it; NULL without one."),
        instant_or_null("approved_at", "When it was approved."),
        Column("counts", Kind.FLAG, "Whether nobody else's approval is lacking."),
    ),
)

_BREAK = tuple(column for column in RECON_BREAK.columns if column.name not in {"status", "closed_on"})

OPEN_BREAK = Table(
    "open_break",
    "one open break, with its age and what people decided about it",
    ("source", "item_id"),
    (
        *_BREAK,
        count("age_days", "Days from first_seen to the latest settlement day of the source."),
        text("age_bucket", "0-1, 2-3, 4-7, 8-30 or over 30 days."),
        text_or_null("reopened_by", "The ReopeningCause code; NULL for one that had not been cleared before."),
        text("state", "The BreakState code."),
        money("unreconciled", "at_risk, or 0 once it is settled."),
        text_or_null("reopened_because", "What changed since it was decided on; NULL unless `state` is reopened."),
        text_or_null("decision_id", "The decision that stands or waits, or that holds no more; NULL without one."),
        text_or_null("decision", "Its DecisionKind code."),
        text_or_null("decision_reason", "Why, in words."),
        text_or_null("linked_to", "For link: the order or item it belongs to."),
        text_or_null("decided_by", "Login of the person who decided."),
        instant_or_null("decided_at", "When."),
        text_or_null("approved_by", "Login of the second person."),
        instant_or_null("approved_at", "When."),
        text_or_null("assignee", "Login of whoever looks after it."),
        instant("last_change", "When the break, or anything decided about it, last changed."),
    ),
)
