"""A tiny source with passes of its own, and short words for lines and orders that share a reference."""

from cuadre.config import Source
from tests.matching.tiny import SOURCE, day_by_day, give_back, line, order

TOLERANT = {"name": "near", "by": "psp_reference", "amount_tolerance": {"PEN": "2"}}
PARTS = {"name": "parts", "by": "psp_reference", "group": "lines_to_order"}
BASKET = {"name": "basket", "by": "psp_reference", "group": "orders_to_line"}
SOME = {**PARTS, "name": "some", "subset_sum": {"max_items": 6}}


def source(*further, built_in=("psp_reference", "merchant_reference", "operation_reference"), **settlement):
    """The tiny source with further passes, without a tolerance or fees of its own."""
    settings = SOURCE.model_dump(by_alias=True, exclude_unset=True, mode="json")
    settings["settlement"] = {"lag_days": 1, **settlement}
    passes = [*built_in, *further, "merchant_reference_only"]
    return Source.model_validate({**settings, "fees": [], "matching": {"passes": passes}})


def paid(line_no, gross="100", psp="c1", **given):
    return line(line_no, psp_reference=psp, gross=gross, **given)


def owed(order_id, amount="100", psp="c1", **given):
    return order(order_id, psp_reference=psp, amount=amount, **given)


def facts(result):
    """What is said of each row: the line's number, the order, the outcome."""
    return [(row["line_no"], row["order_id"], row["outcome"]) for row in result.rows]


def gave(line_no, kind, gross, operation, **given):
    """A return of what `c1` paid."""
    return give_back(
        line_no, kind, gross=gross, **{"original_reference": "c1", "operation_reference": operation, **given}
    )


def over_days(folder, *days, rules=None):
    """Run days of (lines, orders) one after the other, each in an archive of its own, by `rules` or the tiny source."""
    own = (
        ([each | {"archive_id": f"{number}" * 64} for each in lines], orders)
        for number, (lines, orders) in enumerate(days)
    )
    return day_by_day(folder, *own, source=rules or source())


def outcomes(result, day):
    """The outcomes of the lines of one day, in their order."""
    return [row["outcome"] for row in result.rows if row["archive_id"] == f"{day}" * 64]
