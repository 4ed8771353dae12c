"""What an archive's name says, held against what the archive itself says."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from cuadre.config.source import Source
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected

if TYPE_CHECKING:
    from cuadre.formats import Header

MEMBER_SUFFIX = ".csv"


def member_of(name: str, source: Source) -> str:
    """What the one member of the archive called `name` is called."""
    return name.removesuffix(source.transport.names.suffix) + MEMBER_SUFFIX


def check_member_name(member: str, name: str, source: Source) -> str:
    """The archive name that the member stands for, once `member` is what the profile expects in `name`.

    A name that does not follow the source's pattern (a content address, say) is no witness; then the member's is.

    Raises:
        ArchiveRejected: MEMBER_UNEXPECTED.
    """
    if not member.endswith(MEMBER_SUFFIX):
        raise ArchiveRejected(Reason.MEMBER_UNEXPECTED, "The member is not a CSV file.")
    names = source.transport.names
    stood_for = member.removesuffix(MEMBER_SUFFIX) + names.suffix
    if names.read(name) is not None and stood_for != name:
        raise ArchiveRejected(Reason.MEMBER_UNEXPECTED, "The member is not named like the archive.")
    return stood_for


def check_name(name: str, header: Header, source: Source, wanted: date | None) -> None:
    """Hold `name`, when it follows the source's pattern, and the `wanted` day against the header record.

    Raises:
        ArchiveRejected: WRONG_MERCHANT or WRONG_PERIOD.
    """
    if wanted is not None and wanted != header.settlement_date:
        raise ArchiveRejected(Reason.WRONG_PERIOD, f"It is for {header.settlement_date}, and {wanted} was asked for.")
    said = source.transport.names.read(name)
    if said is None:
        return
    if said.merchant not in (None, header.merchant):
        raise ArchiveRejected(Reason.WRONG_MERCHANT)
    if said.day != header.settlement_date:
        raise ArchiveRejected(
            Reason.WRONG_PERIOD, f"It is for {header.settlement_date}, and its name is another day's."
        )
    if said.part not in (None, header.part) or said.parts not in (None, header.parts):
        raise ArchiveRejected(
            Reason.WRONG_PERIOD, f"It is part {header.part} of {header.parts}, and its name says another."
        )
