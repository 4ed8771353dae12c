"""One member of an archive, from its bytes to Parquet parts, with everything its layout promises checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from cuadre.config.source import Source
from cuadre.formats.blocks import BLOCK_BYTES, Cutter
from cuadre.formats.layout import Header, Layout
from cuadre.formats.pagoefectivo import PagoEfectivo1
from cuadre.formats.parts import write_parts
from cuadre.formats.records import Typing, read_columns
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected
from cuadre.model.records import Totals

PROFILES: dict[str, Layout] = {layout.name: layout for layout in (PagoEfectivo1(),)}

_NOTHING = Totals(0, Decimal(0), Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True)
class Head:
    """A member whose header and column records are read and whose body still waits in `cutter`."""

    header: Header
    columns: tuple[str, ...]
    cutter: Cutter


@dataclass(frozen=True, slots=True)
class TypedMember:
    """What was typed: number of lines, and totals over all body records by currency; files hold LINES."""

    lines: int
    totals: dict[str, Totals]
    trailers: dict[str, Totals]

    def check_totals(self) -> None:
        """Hold the sums over the lines against the trailers.

        Raises:
            ArchiveRejected: CONTROL_TOTAL_MISMATCH, naming the currency and the first total that differs.
        """
        if not self.trailers:
            raise ArchiveRejected(Reason.CONTROL_TOTAL_MISMATCH, "The file ends without its trailers.")
        for currency in sorted(self.totals.keys() | self.trailers.keys()):
            if currency not in self.trailers:
                raise ArchiveRejected(Reason.CONTROL_TOTAL_MISMATCH, f"There are lines in {currency} and no trailer.")
            mine, theirs = self.totals.get(currency, _NOTHING), self.trailers[currency]
            for name in ("count", "gross", "fee", "tax", "net"):
                if getattr(mine, name) != getattr(theirs, name):
                    raise ArchiveRejected(
                        Reason.CONTROL_TOTAL_MISMATCH, f"{currency}: lines and trailer differ in {name}."
                    )


def read_head(chunks: Iterator[bytes], source: Source, *, block_bytes: int = BLOCK_BYTES) -> Head:
    """Read header and column records from a member's `chunks`.

    Raises:
        ArchiveRejected: LAYOUT_UNKNOWN, WRONG_MERCHANT or WRONG_PERIOD.
    """
    layout = PROFILES[source.profile]
    cutter = Cutter(chunks, layout.trailer_mark, block_bytes)
    first, second = cutter.head()
    try:
        header = layout.read_header(first.decode(), source.zone)
    except UnicodeDecodeError:
        raise ArchiveRejected(Reason.LAYOUT_UNKNOWN, "The header record is not UTF-8.") from None
    if header.merchant != source.merchant:
        raise ArchiveRejected(Reason.WRONG_MERCHANT)
    return Head(header, read_columns(second, layout), cutter)


def type_body(head: Head, source: Source, *, archive_id: str, folder: Path) -> TypedMember:
    """Type the body into Parquet parts in `folder`; totals are not compared yet (`TypedMember.check_totals`).

    Raises:
        ArchiveRejected: LINES_MALFORMED with the number of the first record that does not read.
    """
    layout = PROFILES[source.profile]
    typing = Typing(layout, head.columns, source.source, archive_id, head.header.settlement_date)
    totals = write_parts(head.cutter.blocks(), typing, folder)
    trailers = layout.read_trailers(_text(head.cutter.trailers))
    return TypedMember(sum(total.count for total in totals.values()), totals, trailers)


def _text(trailers: bytes) -> str:
    try:
        return trailers.decode("ascii")
    except UnicodeDecodeError:
        raise ArchiveRejected(Reason.LINES_MALFORMED, "A trailer record does not read as its layout says.") from None
