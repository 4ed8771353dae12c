"""A table of members nobody should believe although the provider signed them: each with its one code."""

from __future__ import annotations

from cuadre.model.codes import RejectionReason as Reason
from tests.fixtures.openpgp import csv_text

GOOD = csv_text()
HEADER, COLUMNS, FIRST, *REST = GOOD.splitlines(keepends=True)
TRAILER = REST[-1]
BODY = "".join([FIRST, *REST[:-1]])


def _first(old: str, new: str) -> str:
    assert old in FIRST
    return GOOD.replace(FIRST, FIRST.replace(old, new, 1), 1)


def _other(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


MEMBERS: dict[str, tuple[str | bytes, Reason]] = {
    "of another version of the profile": (_other("efectivo/1", "efectivo/2"), Reason.LAYOUT_UNKNOWN),
    "with a byte order mark": ("\ufeff" + GOOD, Reason.LAYOUT_UNKNOWN),
    "without its header": (GOOD.removeprefix(HEADER), Reason.LAYOUT_UNKNOWN),
    "without a column it must have": (_other("transaction_code", "order"), Reason.LAYOUT_UNKNOWN),
    "with a column twice": (_other("channel", "type"), Reason.LAYOUT_UNKNOWN),
    "that is part 2 of 1": (_other(",1,1,0\n", ",2,1,0\n"), Reason.LAYOUT_UNKNOWN),
    "with a period without an offset": (_other("T00:00:00-05:00", "T00:00:00"), Reason.LAYOUT_UNKNOWN),
    "that is empty": ("", Reason.LAYOUT_UNKNOWN),
    "that is UTF-16": (GOOD.encode("utf-16"), Reason.LAYOUT_UNKNOWN),
    "that is one endless record": ("x" * 300_000, Reason.LAYOUT_UNKNOWN),
    "for another merchant": (_other("30145", "30146"), Reason.WRONG_MERCHANT),
    "for two days": (_other("2026-03-05T00", "2026-03-06T00"), Reason.WRONG_PERIOD),
    "for a day of another zone": (
        GOOD.replace("T00:00:00-05:00", "T00:00:00+00:00"),
        Reason.WRONG_PERIOD,
    ),
    "for the day before": (csv_text(day="2026-03-03", following="2026-03-04"), Reason.WRONG_PERIOD),
    "without trailers": (HEADER + COLUMNS + BODY, Reason.CONTROL_TOTAL_MISMATCH),
    "with a cent more in its trailer": (_other("300.00", "300.01"), Reason.CONTROL_TOTAL_MISMATCH),
    "with a line more in its trailer": (_other("TRAILER,PEN,3", "TRAILER,PEN,4"), Reason.CONTROL_TOTAL_MISMATCH),
    "with a trailer of another currency": (_other("TRAILER,PEN", "TRAILER,USD"), Reason.CONTROL_TOTAL_MISMATCH),
    "with a line of another currency": (_first("PEN", "USD"), Reason.CONTROL_TOTAL_MISMATCH),
    "with a line less": (GOOD.replace(FIRST, "", 1), Reason.CONTROL_TOTAL_MISMATCH),
    "with a line twice": (GOOD.replace(FIRST, FIRST * 2, 1), Reason.CONTROL_TOTAL_MISMATCH),
    "with two trailers of a currency": (GOOD + TRAILER, Reason.LINES_MALFORMED),
    "that goes on behind its trailers": (GOOD + "more\n", Reason.LINES_MALFORMED),
    "with lines behind its trailers": (GOOD + FIRST, Reason.LINES_MALFORMED),
    "with a blank line at its end": (GOOD + "\n", Reason.LINES_MALFORMED),
    "cut in a line": (GOOD[: len(HEADER + COLUMNS) + 20], Reason.LINES_MALFORMED),
    "with an amount without decimals": (_first("100.00", "100"), Reason.LINES_MALFORMED),
    "with an amount in powers": (_first("100.00", "1E2"), Reason.LINES_MALFORMED),
    "with an amount with a plus": (_first("100.00", "+100.00"), Reason.LINES_MALFORMED),
    "with an amount with a comma": (_first("100.00", '"100,00"'), Reason.LINES_MALFORMED),
    "with an amount that is no number": (_first("100.00", "NaN"), Reason.LINES_MALFORMED),
    "with an amount beyond all bounds": (_first("100.00", "9" * 30 + ".00"), Reason.LINES_MALFORMED),
    "without an amount": (_first("100.00", ""), Reason.LINES_MALFORMED),
    "with a time without an offset": (_first("T10:00:00-05:00", "T10:00:00"), Reason.LINES_MALFORMED),
    "with a day there is not": (_first("2026-03-04T10", "2026-02-30T10"), Reason.LINES_MALFORMED),
    "with a field more in a line": (_first("BCP", "BCP,BCP"), Reason.LINES_MALFORMED),
    "with a field less in a line": (_first("BCP,", ""), Reason.LINES_MALFORMED),
    "with a NUL in a reference": (_first("ORD-1", "OR\0D"), Reason.LINES_MALFORMED),
    "with a reference that clears a terminal": (_first("ORD-1", "O\x1b[2JD"), Reason.LINES_MALFORMED),
    "with a reference that turns the direction of writing": (_first("ORD-1", "O\u202eD"), Reason.LINES_MALFORMED),
    "with a line break inside quotes": (_first("ORD-1", '"OR\nD"'), Reason.LINES_MALFORMED),
    "with a quote that never ends": (_first("ORD-1", '"ORD-1'), Reason.LINES_MALFORMED),
    "with a type nobody knows": (_first("PAYMENT", "PAYMENTS"), Reason.LINES_MALFORMED),
    "with a currency in small letters": (_first("PEN", "pen"), Reason.LINES_MALFORMED),
    "that is not UTF-8": (GOOD.encode().replace(b"ORD-1", b"\xc3\x28"), Reason.LINES_MALFORMED),
}
