"""What an archive's name says, held against what the archive itself says."""

from __future__ import annotations

import re
from datetime import date, datetime

from cuadre.config.source import Source
from cuadre.config.values import TOKEN
from cuadre.formats import Header
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected

MEMBER_SUFFIX = ".csv"


def check_member_name(member: str, name: str, source: Source) -> str:
    """The archive name that the member stands for, once `member` is what the profile expects in `name`.

    A name that does not follow the source's pattern (a content address, say) is no witness; then the member's is.

    Raises:
        ArchiveRejected: MEMBER_UNEXPECTED.
    """
    if not member.endswith(MEMBER_SUFFIX):
        raise ArchiveRejected(Reason.MEMBER_UNEXPECTED, "The ZIP's member is not a CSV file.")
    stood_for = member.removesuffix(MEMBER_SUFFIX) + _archive_suffix(source)
    if _read(name, source) is not None and stood_for != name:
        raise ArchiveRejected(Reason.MEMBER_UNEXPECTED, "The ZIP's member is not named like the archive.")
    return stood_for


def check_name(name: str, header: Header, source: Source, wanted: date | None) -> None:
    """Hold `name`, when it follows the source's pattern, and the `wanted` day against the header record.

    Raises:
        ArchiveRejected: WRONG_MERCHANT or WRONG_PERIOD.
    """
    if wanted is not None and wanted != header.settlement_date:
        raise ArchiveRejected(Reason.WRONG_PERIOD, f"It is for {header.settlement_date}, and {wanted} was asked for.")
    said = _read(name, source)
    if said is None:
        return
    if said.get("merchant", header.merchant) != header.merchant:
        raise ArchiveRejected(Reason.WRONG_MERCHANT)
    day, date_format = said["date"], said["format"]
    if day != header.settlement_date.strftime(date_format):
        raise ArchiveRejected(
            Reason.WRONG_PERIOD, f"It is for {header.settlement_date}, and its name is another day's."
        )
    for key, number in (("seq", header.part), ("parts", header.parts)):
        if int(said.get(key, number)) != number:
            raise ArchiveRejected(
                Reason.WRONG_PERIOD, f"It is part {header.part} of {header.parts}, and its name says another."
            )


def _archive_suffix(source: Source) -> str:
    """What the source's names end with, from the first dot behind the last token: `.zip.pgp`."""
    ending = source.transport.pattern.rpartition("}")[2]
    return ending[ending.find(".") :] if "." in ending else ""


def _read(name: str, source: Source) -> dict[str, str] | None:
    """The fields of a name that follows the source's pattern, for whatever merchant and day; None when it does not."""
    regex, end, date_format = "", 0, ""
    for found in TOKEN.finditer(source.transport.pattern):
        regex += re.escape(source.transport.pattern[end : found.start()])
        key = "date" if found.group(2) else found.group(1)
        date_format = found.group(2) or date_format
        regex += {"merchant": "(?P<merchant>[A-Za-z0-9]+?)", "date": "(?P<date>.+?)"}.get(
            key, f"(?P<{key}>[0-9]{{1,4}})"
        )
        end = found.end()
    match = re.fullmatch(regex + re.escape(source.transport.pattern[end:]), name)
    if match is None:
        return None
    try:
        datetime.strptime(match["date"], date_format)  # noqa: DTZ007  a day, not an instant
    except ValueError:
        return None
    return {**match.groupdict(), "format": date_format}
