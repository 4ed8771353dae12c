"""The passes of matching that a source declares: the built-in ones by name, and further ones by what they allow.

What a pass does is in the SQL models of `cuadre.matching`; here is what may be said of one, and in which order.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from cuadre.config.references import Strict
from cuadre.config.values import Currency, Money, Name, Percent

FIRST = "psp_reference"
LAST = "merchant_reference_only"
BUILT_IN = (FIRST, "merchant_reference", "operation_reference", LAST)
"""The passes by one reference, in the order in which they run when a source says nothing."""

OF_RETURNS = "original_reference"
"""What the column `pass` says of returns, which are linked to their originals by rules of their own."""

MOST_ITEMS = 12
"""So many lines or orders of one reference are tried in all combinations, at most: 4,095 of them, as many as
the four digits of `subset_sums.sql` count."""


class DateLag(Strict):
    """Business days from an order's local day of payment to the line's settlement date, both bounds included."""

    first: Annotated[int, Field(ge=-60, le=400, alias="from")]
    last: Annotated[int, Field(ge=-60, le=400, alias="to")]

    @model_validator(mode="after")
    def _forward(self) -> DateLag:
        if self.last < self.first:
            raise ValueError("`to` lies before `from`")
        return self


class SubsetSum(Strict):
    """Some of a group may add up, the rest being left over; groups above `max_items` are not tried."""

    max_items: Annotated[int, Field(ge=2, le=MOST_ITEMS)]


class Pass(Strict):
    """One pass: a built-in one by its name alone, or a further one, which says what it allows beyond equal amounts.

    A further pass pairs lines and orders of one currency that agree `by` a reference, which has to be given, and
    looks only at what the passes before it did not close: what they found nothing for, or could only call a
    duplicate, ambiguous or an amount mismatch. `amount_tolerance` is money by currency; `percent` is percent (0.5
    means 0.5 %) `of` the order's amount or the line's gross; both hold in either direction. `date_lag` bounds how
    long settlement took. `group` takes several lines that pay one order, or several orders paid by one line, when
    they are all there is on the reference and add up; with `subset_sum` some of them may, when one choice only
    does.
    """

    name: Name
    by: Literal["psp_reference", "merchant_reference", "operation_reference"] | None = None
    amount_tolerance: dict[Currency, Money] = Field(default_factory=dict)
    percent: Percent | None = None
    of: Literal["order", "line"] | None = None
    date_lag: DateLag | None = None
    group: Literal["lines_to_order", "orders_to_line"] | None = None
    subset_sum: SubsetSum | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given

    @model_serializer(mode="wrap")
    def _name_alone(self, serialized: SerializerFunctionWrapHandler) -> Any:
        return self.name if self.built_in else serialized(self)

    @model_validator(mode="after")
    def _says_what_it_allows(self) -> Pass:
        settings = self.model_fields_set - {"name"}
        if self.name == OF_RETURNS:
            raise ValueError(f"{OF_RETURNS} is how returns find their originals, and no pass of payments")
        if self.name in BUILT_IN and settings:
            raise ValueError(f"{self.name} is built in and takes no settings; give a pass with settings another name")
        if self.name not in BUILT_IN and not settings:
            raise ValueError(f"there is no pass {self.name!r}; built in are {', '.join(BUILT_IN)}")
        if self.name not in BUILT_IN and self.by is None:
            raise ValueError("say which reference has to agree, with `by`: nothing is paired without one")
        if settings == {"by"}:
            raise ValueError(f"say what it allows beyond {self.by}: a tolerance, a date_lag or a group")
        return self

    @model_validator(mode="after")
    def _settings_agree(self) -> Pass:
        if (self.percent is None) != (self.of is None):
            raise ValueError("`percent` and `of` go together: percent of the order's amount, or of the line's gross")
        if self.percent is not None and self.amount_tolerance:
            raise ValueError("give amount_tolerance or percent, not both")
        if self.subset_sum is not None and self.group is None:
            raise ValueError("subset_sum chooses among a group: say which, with `group`")
        if self.group == "orders_to_line" and self.by == "merchant_reference":
            raise ValueError("a merchant reference is the id of one order, so no several orders agree on it")
        return self

    @property
    def built_in(self) -> bool:
        """Whether it is one of the passes by one reference."""
        return self.name in BUILT_IN


class Matching(Strict):
    """How lines find their orders: `passes`, run in order, each on what the earlier ones left, by an `engine`.

    psp_reference comes first, since it closes nearly all of a day; the other built-in passes, in any order, come before
    further ones. merchant_reference_only, which crosses currencies and so can only say currency_mismatch, is written
    last; it runs with the built-in ones.

    The engine changes no outcome: `duckdb` runs in the worker, `spark` is for days too large for one machine.
    """

    passes: tuple[Pass, ...] = tuple(Pass(name=name) for name in BUILT_IN)
    engine: Literal["duckdb", "spark"] = "duckdb"

    @field_validator("passes")
    @classmethod
    def _in_order(cls, passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
        names = [each.name for each in passes]
        if not names:
            raise ValueError(f"name at least {FIRST}, or leave `matching` out")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the pass {twice[0]} is here twice")
        if names[0] != FIRST:
            raise ValueError(f"{FIRST} comes first")
        if LAST in names[:-1]:
            raise ValueError(f"{LAST} comes last")
        kinds = [each.built_in for each in passes if each.name != LAST]
        if kinds != sorted(kinds, reverse=True):
            raise ValueError("built-in passes come before further ones")
        return passes

    @property
    def by_reference(self) -> tuple[Pass, ...]:
        """The built-in passes, in order."""
        return tuple(each for each in self.passes if each.built_in)

    @property
    def further(self) -> tuple[Pass, ...]:
        """The passes the source adds, in order."""
        return tuple(each for each in self.passes if not each.built_in)

    @property
    def currencies(self) -> set[str]:
        """Currencies that are named."""
        return {currency for each in self.passes for currency in each.amount_tolerance}
