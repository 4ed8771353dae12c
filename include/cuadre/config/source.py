"""The shape of a source file, as pydantic models: what may be said of a provider account, and within which bounds.

Secrets never stand in a source file: a `SecretReference` says where they are. Times of day are local to the source's
`timezone`; percentages are percent (3.99 means 3.99 %), never fractions; money is in the currency named beside it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, field_validator, model_validator

from cuadre.config.calendar import Calendar
from cuadre.config.exchange import Exchange
from cuadre.config.matching import Matching
from cuadre.config.naming import NamePattern
from cuadre.config.references import ChannelReference, SecretReference, Strict
from cuadre.config.trust import Trust
from cuadre.config.values import (
    Channel,
    Cron,
    Currency,
    Duration,
    Money,
    Name,
    Pattern,
    Percent,
    TableName,
    TimeOfDay,
    Zone,
)

_LEAST_PERCENT = Decimal("0.1")
"""Below it a percentage of a fee plan is taken for a fraction: 0.0399 where 3.99 was meant."""


Container = Literal["zip", "gzip", "plain"]
"""What the content of a message is: a ZIP of one member, one gzip stream, or the file itself."""


class Schedule(Strict):
    """When a day is run, waited for and judged.

    `cron` is the local time, once a day, on the day AFTER the settlement date. `cut_off` is the local time of that day
    at which waiting ends. `as_of` is the local time of that day as which the outcomes are judged, so that a re-run
    judges alike. `deadline` is how long after being made a run should have succeeded. `first_day` is the first
    settlement date there is: earlier ones are never scheduled, and a run for one is refused.
    """

    first_day: date = date(2000, 1, 1)
    cron: Cron = "0 4 * * *"
    cut_off: TimeOfDay = time(10, 0)
    as_of: TimeOfDay = time(7, 0)
    deadline: Duration = timedelta(hours=8)
    poll: Duration = timedelta(seconds=60)


class Transport(Strict):
    """Where archives are offered. `pattern` may use {merchant}, {date:%Y%m%d}, {seq} and {parts}."""

    kind: Literal["sftp", "folder"]
    server: SecretReference | None = None
    folder: str
    pattern: Pattern
    host_key: str | None = None
    attempts: Annotated[int, Field(ge=3, le=10)] = 4

    @model_validator(mode="after")
    def _complete(self) -> Transport:
        if self.kind == "sftp" and self.server is None:
            raise ValueError("an sftp transport needs `server`: where host, user and key are to be found")
        return self

    @property
    def names(self) -> NamePattern:
        """How archives are named."""
        return NamePattern(self.pattern)


class Limits(Strict):
    """Bounds on what is opened and believed: bytes after unpacking, ratio of ZIP, buyer's amounts by currency."""

    max_plaintext_bytes: Annotated[int, Field(gt=0)] = 16 * 2**30
    max_ratio: Annotated[int, Field(gt=1)] = 200
    amounts: dict[Currency, tuple[Money, Money]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _low_before_high(self) -> Limits:
        if wrong := sorted(currency for currency, (low, high) in self.amounts.items() if low > high):
            raise ValueError(f"the lower amount of {wrong[0]} comes first")
        return self


class FeePlan(Strict):
    """One line of the fee contract, in force from `valid_from` to `valid_to`, both included, in settlement dates.

    fee = max(minimum, percent of gross + fixed), at most `maximum`, rounded half up to `decimals`;
    tax = `tax_percent` of the fee, rounded alike. `channel` '*' is every channel without a plan of its own.
    """

    currency: Currency
    channel: Channel = "*"
    valid_from: date
    valid_to: date | None = None
    percent: Percent
    fixed: Money = Decimal(0)
    minimum: Money = Decimal(0)
    maximum: Money | None = None
    tax_percent: Percent = Decimal(0)
    decimals: Annotated[int, Field(ge=0, le=6)] = 2

    @field_validator("percent", "tax_percent")
    @classmethod
    def _no_fraction(cls, value: Decimal) -> Decimal:
        if 0 < value < _LEAST_PERCENT:
            raise ValueError("percent is percent: 3.99 means 3.99 %")
        return value

    @model_validator(mode="after")
    def _possible(self) -> FeePlan:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        if self.maximum is not None and self.maximum < self.minimum:
            raise ValueError("maximum is below minimum")
        return self

    def overlaps(self, other: FeePlan) -> bool:
        """Whether both speak of the same payments on some day."""
        same = (self.currency, self.channel) == (other.currency, other.channel)
        begins, ends = max(self.valid_from, other.valid_from), [p.valid_to for p in (self, other) if p.valid_to]
        return same and all(begins <= end for end in ends)


class Settlement(Strict):
    """How orders come to be settled: lag in business days from payment to archive, amount tolerance by currency, and
    what is believed of payments in another currency.
    """

    lag_days: Annotated[int, Field(ge=0, le=60)] = 1
    calendar: Calendar = Calendar()
    tolerance: dict[Currency, Money] = Field(default_factory=dict)
    exchange: Exchange = Exchange()

    def in_hand_on(self, day: date) -> date:
        """The day on which what was paid on `day` is expected to be in hand."""
        return self.calendar.after(day, self.lag_days)


class Orders(Strict):
    """The warehouse's order table, with the canonical columns. `lookback_days` bounds how late a row may turn up."""

    table: TableName
    lookback_days: Annotated[int, Field(ge=0, le=400)] = 3


BANK_WINDOW_DAYS = 5
"""How many days a bank credit may take, where nothing else is said."""


class Bank(Strict):
    """The warehouse's table of bank credits, with the canonical columns, and how many days a credit may take."""

    table: TableName
    window_days: Annotated[int, Field(ge=0, le=60)] = BANK_WINDOW_DAYS


class Thresholds(Strict):
    """When a finished day is worth a page.

    `break_percent`: the breaks that are new that day, in percent of its matchable items without what was a break
    before. `unreconciled`: the money at risk in all breaks, old and new, by currency.
    """

    break_percent: Percent = Decimal(1)
    unreconciled: dict[Currency, Money] = Field(default_factory=dict)


class Decisions(Strict):
    """What people may decide alone. `second_person_above`: accepting, writing off or linking more money than this, by
    currency, counts once somebody else has approved it; a currency that is not named always needs a second person.
    """

    second_person_above: dict[Currency, Money] = Field(default_factory=dict)


class Alerts(Strict):
    """Where incidents go besides the local file, and the address run books are read at."""

    channels: tuple[ChannelReference, ...] = ()
    runbooks: str = "docs/runbooks"


class Source(Strict):
    """One provider account of one merchant."""

    source: Name
    description: str
    owner: str = "payments"
    profile: Literal["pagoefectivo/1"]
    merchant: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,32}$")]
    timezone: Zone
    currencies: Annotated[tuple[Currency, ...], Field(min_length=1)]
    schedule: Schedule = Schedule()
    transport: Transport
    trust: Trust
    container: Container = "zip"
    limits: Limits = Limits()
    fees: tuple[FeePlan, ...] = ()
    settlement: Settlement = Settlement()
    matching: Matching = Matching()
    warehouse: SecretReference
    orders: Orders
    bank: Bank | None = None
    publish: Literal["all", "exceptions"] = "all"
    thresholds: Thresholds = Thresholds()
    decisions: Decisions = Decisions()
    alerts: Alerts = Alerts()

    @model_validator(mode="after")
    def _currencies_agree(self) -> Source:
        named = {plan.currency for plan in self.fees}
        named |= set(self.decisions.second_person_above)
        named |= set(self.limits.amounts) | set(self.settlement.tolerance) | set(self.thresholds.unreconciled)
        named |= self.matching.currencies | self.settlement.exchange.settled_in
        strangers = sorted(named - set(self.currencies))
        if strangers:
            raise ValueError(f"{', '.join(strangers)} is not among `currencies`: {', '.join(self.currencies)}")
        return self

    @field_validator("fees")
    @classmethod
    def _one_fee_for_each_payment(cls, fees: tuple[FeePlan, ...]) -> tuple[FeePlan, ...]:
        for one, other in combinations(fees, 2):
            if one.overlaps(other):
                day = max(one.valid_from, other.valid_from)
                raise ValueError(
                    f"two fee plans for {one.currency}, channel {one.channel}, hold on {day}: end one with valid_to"
                )
        return fees

    @property
    def zone(self) -> ZoneInfo:
        """The source's own time zone."""
        return ZoneInfo(self.timezone)

    @property
    def bank_window_days(self) -> int:
        """How many days a bank credit may take; the usual number for a source that names no table of credits."""
        return self.bank.window_days if self.bank else BANK_WINDOW_DAYS

    def local(self, day: date, at: time) -> datetime:
        """Local time `at` on the day after settlement date `day`, with its zone."""
        return datetime.combine(day + timedelta(days=1), at, tzinfo=self.zone)

    def as_of(self, day: date) -> datetime:
        """The moment as which `day` is judged."""
        return self.local(day, self.schedule.as_of)

    def cut_off(self, day: date) -> datetime:
        """The moment at which waiting for the archives of `day` ends."""
        return self.local(day, self.schedule.cut_off)
