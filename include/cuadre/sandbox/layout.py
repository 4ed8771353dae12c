"""The member as profile pagoefectivo/1 lays it out, and the ZIP around it."""

from __future__ import annotations

import gzip
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv

from cuadre.config import Source
from cuadre.sandbox import text
from cuadre.sandbox.rows import BUYERS_CURRENCY, CHANNELS, TYPES, Rows

PROFILE = "pagoefectivo/1"
CENTS, RATE = pa.decimal128(18, 2), pa.decimal128(18, 6)
BLOCK = 100_000
"""Lines turned to text at once."""
WIDEST = 250
"""More bytes than any line takes."""
ABSENT = "  "
"""What a provider's system writes into a field it has nothing for, now and then."""


@dataclass(frozen=True, slots=True)
class Member:
    """What the file says of itself.

    A fault changes one of these: `miscount` cents are added to each trailer's gross and net, `spoil` puts a record no
    one can read first, `without` leaves a column out, `period` is another day than the name's.
    """

    merchant: str
    day: date
    part: int = 1
    parts: int = 1
    profile: str = PROFILE
    miscount: int = 0
    spoil: bool = False
    without: str | None = None
    period: date | None = None


def write_member(out: IO[bytes], source: Source, lines: Rows, member: Member) -> None:
    """Write header, column record, body and trailers; the columns of exchanged payments only when there is one."""
    exchanged = bool(lines["rate"].any())
    out.write(_header(source, member).encode())
    out.write(",".join(_columns(source, lines[:0], member, exchanged).column_names).encode() + b"\n")
    if member.spoil:
        out.write(b"12345,1,X,,B,PAYMENT,agent,PEN,twelve,0.00,0.00,12.00,yesterday\n")
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    for start in range(0, len(lines), BLOCK):
        pyarrow.csv.write_csv(_columns(source, lines[start : start + BLOCK], member, exchanged), out, options)
    out.write(_trailers(source, lines, member.miscount).encode())


def batch_name(day: date) -> str:
    """What all batch ids of a day begin with."""
    return f"B{day:%Y%m%d}-"


def write_content(path: Path, name: str, source: Source, lines: Rows, member: Member) -> None:
    """Write what is in the archive `name` of one part to `path`: its member in the source's container."""
    if source.container == "zip":
        write_zip(path, name, source, lines, member)
        return
    with path.open("wb") as out:
        if source.container == "plain":
            write_member(out, source, lines, member)
            return
        with gzip.GzipFile(filename="", fileobj=out, mode="wb") as packed:
            write_member(cast("IO[bytes]", packed), source, lines, member)


def write_zip(path: Path, name: str, source: Source, lines: Rows, member: Member) -> None:
    """Write the ZIP of one part to `path`; its one member is called like the archive `name`, but for the ending."""
    large = len(lines) * WIDEST > 2**31
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(inner_name(name), "w", force_zip64=large) as out,
    ):
        write_member(out, source, lines, member)


def inner_name(name: str) -> str:
    """Name of the member in the archive called `name`."""
    return name.removesuffix(".pgp").removesuffix(".zip") + ".csv"


def _header(source: Source, member: Member) -> str:
    day = member.period or member.day
    start = datetime.combine(day, time(), tzinfo=source.zone)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=source.zone)
    fields = [
        "HEADER",
        member.profile,
        member.merchant,
        start.isoformat(),
        end.isoformat(),
        str(member.part),
        str(member.parts),
        "0",
    ]
    return ",".join(fields) + "\n"


def _columns(source: Source, lines: Rows, member: Member, exchanged: bool) -> pa.Table:
    names = text.currencies(source)
    original = _originals(lines)
    columns = {
        "cip": text.numbers(lines["cip"], blank=lines["blank"], empty=ABSENT),
        "operation_number": text.numbers(lines["operation"]),
        "transaction_code": text.numbers(lines["order"], text.ORDER_PREFIX, blank=lines["blank"], empty=ABSENT),
        "original_reference": original,
        "batch": text.codes(lines["batch"], [f"{batch_name(member.day)}{n:02d}" for n in range(100)]),
        "type": text.codes(lines["type"], [kind.value for kind in TYPES]),
        "channel": text.codes(lines["channel"], CHANNELS),
        "currency": text.codes(lines["currency"], names),
        "gross": text.decimal(lines["gross"], CENTS),
        "fee": text.decimal(lines["fee"], CENTS),
        "igv": text.decimal(lines["tax"], CENTS),
        "net": text.decimal(lines["gross"] - lines["fee"] - lines["tax"], CENTS),
        "paid_at": text.local_times(lines["at"], source.timezone),
    }
    if exchanged:
        plain = lines["rate"] == 0
        columns |= {
            "paid_currency": text.codes(np.where(plain, -1, BUYERS_CURRENCY), names),
            "paid_amount": text.decimal(lines["paid"], CENTS, absent=plain),
            "exchange_rate": text.decimal(lines["rate"], RATE, absent=plain),
        }
    return pa.table({name: column for name, column in columns.items() if name != member.without})


def _originals(lines: Rows) -> pa.Array:
    plain = text.numbers(lines["original"])
    if not lines["original_is_order"].any():
        return plain
    orders = text.numbers(lines["original"], text.ORDER_PREFIX)
    return pa.compute.if_else(pa.array(lines["original_is_order"]), orders, plain)


def _trailers(source: Source, lines: Rows, miscount: int) -> str:
    records = []
    for code, name in enumerate(text.currencies(source)):
        mine = lines[lines["currency"] == code]
        if len(mine) or (not len(lines) and code < len(source.currencies)):
            sums = [int(mine[field].sum()) for field in ("gross", "fee", "tax")]
            net = sums[0] - sums[1] - sums[2]
            amounts = ",".join(_amount(cents) for cents in [sums[0] + miscount, sums[1], sums[2], net + miscount])
            records.append(f"TRAILER,{name},{len(mine)},{amounts}\n")
    return "".join(records)


def _amount(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
