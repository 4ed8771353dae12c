"""What a source's shape makes of the files that arrived: binary OpenPGP, framed as the shape says, nothing else.

Armour is taken off here. Nothing here decrypts, and nothing here proves anything about content.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ArchiveRejected
from cuadre.trust import armour
from cuadre.trust.framing import count_signatures

_LARGEST_SIGNATURE = 1 << 16


@dataclass(frozen=True, slots=True)
class Detached:
    """A detached signature: its packets, and how many signatures they are."""

    packets: Path
    signatures: int


def binary(file: Path, room: Path, kind: str = armour.MESSAGE) -> Path:
    """`file` itself, or where it is armoured its packets, in a new file in the private folder `room`.

    Raises:
        ArchiveRejected: what `armour.take_off` raises.
    """
    with file.open("rb") as source:
        if not armour.is_armoured(source):
            return file
        descriptor, name = tempfile.mkstemp(prefix="binary-", suffix=".pgp", dir=room)
        with os.fdopen(descriptor, "wb") as target:
            armour.take_off(source, target, kind)
    return Path(name)


def detached(signature: Path | None, room: Path) -> Detached:
    """The signature file of a detached shape, binary or armoured.

    Raises:
        ArchiveRejected: UNSIGNED when there is none; TRUNCATED, MULTIPLE_MESSAGES or MALFORMED_OPENPGP.
    """
    if signature is None:
        raise ArchiveRejected(RejectionReason.UNSIGNED, "The signature file is missing. Ask the provider for it.")
    if signature.stat().st_size > _LARGEST_SIGNATURE:
        raise ArchiveRejected(
            RejectionReason.MALFORMED_OPENPGP, "The signature file is larger than any signature. Ask what was sent."
        )
    packets = binary(signature, room, armour.SIGNATURE)
    with packets.open("rb") as file:
        return Detached(packets, count_signatures(file))
