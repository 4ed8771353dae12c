"""The profile `pagoefectivo/1`: header record, column record, body, one trailer per currency.

This layout is the project's own declaration, not a document of the vendor.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from cuadre.formats.amounts import AMOUNT
from cuadre.formats.layout import BLANKS, CURRENCY, Header
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected
from cuadre.model.records import Totals

_COUNT = re.compile(r"[0-9]{1,12}")
_INSTANT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", re.ASCII)


class PagoEfectivo1:
    """`pagoefectivo/1`."""

    name: str = "pagoefectivo/1"
    trailer_mark: bytes = b"TRAILER,"
    columns: Mapping[str, str] = MappingProxyType(
        {
            "psp_reference": "cip",
            "operation_reference": "operation_number",
            "merchant_reference": "transaction_code",
            "original_reference": "original_reference",
            "batch_id": "batch",
            "line_type": "type",
            "channel": "channel",
            "currency": "currency",
            "gross": "gross",
            "fee": "fee",
            "tax": "igv",
            "net": "net",
            "occurred_at": "paid_at",
        }
    )
    optional: Mapping[str, str] = MappingProxyType(
        {
            "presentment_currency": "paid_currency",
            "presentment_amount": "paid_amount",
            "exchange_rate": "exchange_rate",
        }
    )

    def read_header(self, record: str, zone: ZoneInfo) -> Header:
        """HEADER,profile,merchant,start,end,part,parts,reprocessed.

        Raises:
            ArchiveRejected: LAYOUT_UNKNOWN when it does not read so; WRONG_PERIOD when it is not one local day.
        """
        fields = _fields(record)
        if len(fields) != 8 or fields[0] != "HEADER" or fields[1] != self.name:
            raise ArchiveRejected(Reason.LAYOUT_UNKNOWN, f"The header record is not that of {self.name}.")
        try:
            start, end = (_instant(text) for text in fields[3:5])
            part, parts, reprocessed = (_count(text) for text in fields[5:8])
        except ValueError:
            raise ArchiveRejected(Reason.LAYOUT_UNKNOWN, "A field of the header record does not read.") from None
        if not 1 <= part <= parts or reprocessed not in (0, 1):
            raise ArchiveRejected(Reason.LAYOUT_UNKNOWN, "A field of the header record is out of its bounds.")
        day = start.astimezone(zone).date()
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        following = day + timedelta(days=1)
        if start != midnight or end != datetime(following.year, following.month, following.day, tzinfo=zone):
            raise ArchiveRejected(Reason.WRONG_PERIOD, "The period is not exactly one local day of the source.")
        return Header(fields[2], part, parts, day)

    def read_trailers(self, text: str) -> dict[str, Totals]:
        """TRAILER,currency,count,gross,fee,igv,net, one record per currency.

        Raises:
            ArchiveRejected: LINES_MALFORMED when one does not read so, or a currency has two.
        """
        totals: dict[str, Totals] = {}
        for record in text.removesuffix("\n").split("\n") if text else []:
            fields = _fields(record.removesuffix("\r"))
            if not _reads_as_trailer(fields) or fields[1] in totals:
                raise ArchiveRejected(Reason.LINES_MALFORMED, "A trailer record does not read as its layout says.")
            totals[fields[1]] = Totals(int(fields[2]), *(Decimal(amount) for amount in fields[3:7]))
        return totals


def _reads_as_trailer(fields: list[str]) -> bool:
    return (
        len(fields) == 7
        and fields[0] == "TRAILER"
        and CURRENCY.fullmatch(fields[1]) is not None
        and _COUNT.fullmatch(fields[2]) is not None
        and all(AMOUNT.fullmatch(amount) for amount in fields[3:7])
    )


def _count(text: str) -> int:
    """Plain digits as a number; ValueError for the other things that `int` would take."""
    if _COUNT.fullmatch(text) is None:
        raise ValueError("not a count")
    return int(text)


def _instant(text: str) -> datetime:
    """One written form of ISO 8601, with an offset; ValueError for the others that `fromisoformat` would take."""
    if _INSTANT.fullmatch(text) is None:
        raise ValueError("not an instant")
    return datetime.fromisoformat(text)


def _fields(record: str) -> list[str]:
    if "\r" in record:  # the reader would drop one at the end
        return []
    try:
        return [field.strip(BLANKS) for field in next(csv.reader([record], strict=True), [])]
    except csv.Error:
        return []
