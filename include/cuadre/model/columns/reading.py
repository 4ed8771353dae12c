"""What the warehouse answers besides the marts: views and functions of schema `recon` that hold no rows."""

from __future__ import annotations

from cuadre.model.columns.canonical import CURRENCY, SOURCE
from cuadre.model.columns.declaring import Column, Kind, Table, count, money

MOVEMENT = Table(
    "movement",
    "one outcome and currency in which breaks of a source were open at one of two moments: "
    "end = start + opened + changed_in - closed - changed_out",
    ("source", "currency", "outcome"),
    (
        SOURCE,
        CURRENCY,
        Column("outcome", Kind.TEXT, "The outcome code of the breaks."),
        count("start_count", "Breaks open at the first moment."),
        money("start_money", "Their money at risk."),
        count("opened_count", "Open at the second moment and not at the first: new, or open again."),
        money("opened_money", "Their money at risk."),
        count("closed_count", "Open at the first moment and not at the second."),
        money("closed_money", "The money they had at risk."),
        count("changed_in_count", "Open at both, and came to this outcome, currency or amount of money in between."),
        money("changed_in_money", "The money they now have at risk."),
        count("changed_out_count", "Open at both, and left this outcome, currency or amount of money in between."),
        money("changed_out_money", "The money they had at risk."),
        count("end_count", "Breaks open at the second moment."),
        money("end_money", "Their money at risk."),
    ),
)
