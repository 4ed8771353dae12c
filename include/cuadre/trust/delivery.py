"""What arrived, in copies of our own: all that is judged, opened and hashed is read from them and from nothing else.

Whoever may write where files come from could change one between two looks at it, in place and with its old time put
back. A copy in a private folder is the same at every look.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Delivery:
    """The copies of an archive and of its detached signature, if it has one, and the private folder they lie in."""

    archive: Path
    signature: Path | None
    room: Path


def take_in(archive: Path, signature: Path | None, room: Path) -> Delivery:
    """Copy what arrived into the private folder `room`, as it is at this moment."""
    shutil.copyfile(archive, room / "archive")
    if signature is not None:
        shutil.copyfile(signature, room / "signature")
    return Delivery(room / "archive", room / "signature" if signature is not None else None, room)
