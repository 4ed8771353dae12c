"""What happens in a scenario, told day by day, with what is right of every row said while it is planted.

A `Story` keeps the shop's orders, writes the provider's lines, and notes beside each row the outcome the rules of
matching demand and the order its money is truly for. Nothing here knows the matching engine; what plays a story
against it is in `playing`, and the scenarios themselves are in the modules named after what goes wrong.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from cuadre.config import FeePlan, Source
from cuadre.model.codes import CLEARED, OPEN, TAKEN_STATUSES, LineType, OrderStatus, Outcome

FIRST_DAY = date(2026, 3, 2)
"""Outcomes that come up again the next day, unless the story says what became of them."""
NAMED = {
    Outcome.matched, Outcome.matched_with_variance, Outcome.amount_mismatch, Outcome.currency_mismatch,
    Outcome.status_mismatch, Outcome.duplicate,
}  # fmt: skip
"""Outcomes of a line that name an order."""

Row = dict[str, Any]
Key = tuple[str | None, int | None, str | None]
"""A row of the outcomes: archive and number of a line, or the id of an order without one."""

SOURCE = Source.model_validate(
    {
        "source": "scenario_pe",
        "description": "A shop to which everything happens",
        "profile": "pagoefectivo/1",
        "merchant": "30145",
        "timezone": "America/Lima",
        "currencies": ["PEN", "USD"],
        "transport": {"kind": "folder", "folder": "/in", "pattern": "pe_{merchant}_{date:%Y%m%d}_{seq}of{parts}.pgp"},
        "trust": {
            "keyring": {"env": "KEYRING"},
            "keys": [{"role": "signer", "fingerprint": "0" * 40, "valid_from": "2026-01-01"}],
        },
        "fees": [{"currency": "PEN", "valid_from": "2026-01-01", "percent": "3.99", "tax_percent": "18"}],
        "settlement": {
            "lag_days": 1,
            "tolerance": {"PEN": "0.05"},
            "exchange": {"rates": {"USD": {"PEN": ["0.1", "10"]}}},
        },
        "warehouse": {"env": "WAREHOUSE"},
        "orders": {"table": "shop.orders"},
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is right of one row.

    `order_id` is the order the row has to name. `pays` is the order that a payment line settles in truth and in full,
    whether or not anybody could tell from what the files say. `money` is absolute, in `currency`.
    """

    outcome: Outcome
    order_id: str | None
    pays: str | None
    money: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Run:
    """One day as it is reconciled: its lines, the shop's whole order table at that moment, and the key."""

    day: date
    as_of: datetime
    lines: tuple[Row, ...]
    orders: tuple[Row, ...]
    answers: dict[Key, Answer]


class Story:
    """A shop and its provider from `FIRST_DAY` on.

    The same seed tells the same story. `used` are the references of all stories that are told side by side, so that
    no two mean the same by accident.
    """

    def __init__(self, seed: str, used: set[str], source: Source = SOURCE) -> None:
        self.source = source
        self.chance = Random(seed)  # noqa: S311  a story has to be the same each time; no secret hangs on it
        self.today = FIRST_DAY
        self.orders: dict[str, Row] = {}
        self.runs: list[Run] = []
        self._used = used
        self._lines: list[Row] = []
        self._archives: dict[int, str] = {}
        self._answers: dict[Key, Answer] = {}
        self._morning: dict[Key, Answer] = {}

    def order(self, **given: Any) -> Row:
        """Add a PAID order that is due with today's settlement; `given` columns differ."""
        noon = datetime.combine(self.today, time(12), self.source.zone)
        row: Row = {
            "order_id": f"A{self.number(8)}", "psp_reference": self.number(12), "currency": "PEN",
            "amount": self.amount(), "status": OrderStatus.PAID.value, "created_at": noon - timedelta(hours=3),
            "paid_at": noon, "due_at": self.source.as_of(self.today), "updated_at": noon, "merchant": "30145", **given,
        }  # fmt: skip
        self.orders[row["order_id"]] = row
        self._used |= {row["order_id"], row["psp_reference"] or ""}
        return row

    def edit(self, order: Row, **changes: Any) -> None:
        """The shop changes an order, tonight."""
        order.update(changes, updated_at=datetime.combine(self.today, time(20), self.source.zone))

    def pay(self, order: Row, right: Outcome, *, part: int = 1, names: Row | None = None, **given: Any) -> Row:
        """Add a payment line for `order`, charged as the contract says and with both references.

        Args:
            order: Whose money it is.
            right: The outcome the rules demand.
            part: Which of the day's archives it is in.
            names: The order the outcome has to name, when it is not `order`.
            given: Columns of the line that differ.
        """
        gross = given.pop("gross", order["amount"])
        references = {"psp_reference": order["psp_reference"], "merchant_reference": order["order_id"]}
        line = self._line(LineType.PAYMENT, gross, part, **{**references, "currency": order["currency"], **given})
        in_full = gross == order["amount"] and line["currency"] == order["currency"]
        named = (names or order)["order_id"] if right in NAMED else None
        pays = order["order_id"] if in_full and order["status"] in TAKEN_STATUSES else None
        self._answers[_key(line)] = Answer(right, named, pays, abs(gross), line["currency"])
        self._answers.pop(_key(names or order), None)
        return line

    def pay_together(self, orders: list[Row], right: Outcome, more: Decimal) -> Row:
        """Add one payment line for all `orders` of one reference, of `more` than they ask for together."""
        gross = sum((order["amount"] for order in orders), more)
        line = self._line(LineType.PAYMENT, gross, 1, psp_reference=orders[0]["psp_reference"])
        self._answers[_key(line)] = Answer(right, None, None, gross, line["currency"])
        for order in orders:
            self.alone(order, right)
        return line

    def give_back(self, order: Row, amount: Decimal, right: Outcome, *, known: bool = True, **given: Any) -> Row:
        """Add a refund of `amount` that names the provider's reference of `order` as its original.

        Unless the order is `known`, the refund is of its payment alone.
        """
        kind = LineType(given.pop("line_type", LineType.REFUND))
        gross = amount if kind is LineType.CHARGEBACK_REVERSAL else -amount
        columns = {"original_reference": order["psp_reference"], "currency": order["currency"], "fee": Decimal(0)}
        line = self._line(kind, gross, 1, **{**columns, "tax": Decimal(0), **given})
        named = order["order_id"] if right in NAMED and known else None
        self._answers[_key(line)] = Answer(right, named, None, amount, line["currency"])
        return line

    def other(self, kind: LineType, gross: Decimal, **given: Any) -> Row:
        """Add a line behind which no order stands."""
        line = self._line(kind, gross, 1, **{"fee": Decimal(0), "tax": Decimal(0), **given})
        self._answers[_key(line)] = Answer(Outcome.not_an_order, None, None, abs(gross), line["currency"])
        return line

    def alone(self, order: Row, right: Outcome) -> None:
        """Say what is right of an order that has no line of its own."""
        self._answers[_key(order)] = Answer(right, order["order_id"], None, order["amount"], order["currency"])

    def now(self, line: Row, right: Outcome, names: Row | None = None) -> None:
        """Say what has become right of a line of an earlier day, and which order it names by now."""
        before = self._answers[_key(line)]
        named = names["order_id"] if names else before.order_id
        pays = named if right in CLEARED else before.pays
        self._answers[_key(line)] = replace(before, outcome=right, order_id=named, pays=pays)
        self._answers.pop((None, None, named), None)

    def settled(self, count: int) -> list[Row]:
        """Add `count` plain payments, each with its order; returns the orders."""
        orders = [self.order(currency=self.chance.choice(["PEN", "PEN", "USD"])) for _ in range(count)]
        for order in orders:
            self.pay(order, Outcome.matched)
        return orders

    def next_day(self) -> None:
        """End the day; what is open comes up again with the outcome it has, until the story says otherwise."""
        self._end()
        self.today += timedelta(days=1)
        self._answers = {key: answer for key, answer in self._answers.items() if answer.outcome in OPEN}
        self._morning = dict(self._answers)

    def restate(self) -> None:
        """End the day, and begin it again: corrected archives take the place of those there were."""
        self._end()
        self._answers = dict(self._morning)

    def end(self) -> tuple[Run, ...]:
        """All days, the last one ended."""
        self._end()
        return tuple(self.runs)

    def number(self, digits: int) -> str:
        """A number nobody has had before, as text; never with a leading zero."""
        return self._fresh(lambda: str(self.chance.randrange(10 ** (digits - 1), 10**digits)))

    def typo(self, reference: str) -> str:
        """`reference` with one digit wrong, left out, twice, or two of them swapped; nobody else's reference."""

        def mistyped() -> str:
            at = self.chance.randrange(1, len(reference) - 1)
            start, here, end = reference[:at], reference[at], reference[at + 1 :]
            slips = (start + self.chance.choice("0123456789") + end, start + end, start + here + here + end,
                     start + end[0] + here + end[1:])  # fmt: skip
            return self.chance.choice(slips)

        return self._fresh(mistyped)

    def amount(self) -> Decimal:
        """Money between 1 and 5,000, to the cent."""
        return Decimal(self.chance.randint(100, 500_000)) / 100

    def some(self) -> range:
        """For `for`: a handful of times, differently often from seed to seed."""
        return range(self.chance.randint(3, 6))

    def _fresh(self, draw: Any) -> str:
        text: str = draw()
        while text in self._used:
            text = draw()
        self._used.add(text)
        return text

    def _line(self, kind: LineType, gross: Decimal, part: int, **given: Any) -> Row:
        archive_id = self._archives.setdefault(part, self.chance.randbytes(32).hex())
        number = 1 + sum(line["archive_id"] == archive_id for line in self._lines)
        row: Row = {
            "source": self.source.source, "archive_id": archive_id, "line_no": number, "settlement_date": self.today,
            "batch_id": "B1", "line_type": kind.value, "psp_reference": None,
            "operation_reference": f"op{self.number(10)}", "merchant_reference": None, "original_reference": None,
            "currency": "PEN", "gross": gross,
            "occurred_at": datetime.combine(self.today, time(12), self.source.zone), "channel": "agent", **given,
        }  # fmt: skip
        plan = plan_of(self.source, row["currency"], self.today)
        row.setdefault("fee", share(plan, gross, plan.percent) if plan else Decimal(0))
        row.setdefault("tax", share(plan, row["fee"], plan.tax_percent) if plan else Decimal(0))
        row["net"] = row["gross"] - row["fee"] - row["tax"]
        self._lines.append(row)
        return row

    def _end(self) -> None:
        as_of = self.source.as_of(self.today)
        orders = tuple(deepcopy(row) for row in self.orders.values())
        self.runs.append(Run(self.today, as_of, tuple(self._lines), orders, dict(self._answers)))
        self._lines, self._archives = [], {}


def plan_of(source: Source, currency: str, day: date) -> FeePlan | None:
    """The one plan of the contract for `currency` on `day`."""
    plans = (plan for plan in source.fees if plan.currency == currency and plan.valid_from <= day)
    return next((plan for plan in plans if plan.valid_to is None or day <= plan.valid_to), None)


def share(plan: FeePlan, money: Decimal, percent: Decimal) -> Decimal:
    """`percent` of `money` as it is charged: half a cent goes up."""
    return (money * percent / 100).quantize(Decimal(1).scaleb(-plan.decimals), ROUND_HALF_UP)


def _key(row: Row) -> Key:
    if "archive_id" in row:
        return row["archive_id"], row["line_no"], None
    return None, None, row["order_id"]
