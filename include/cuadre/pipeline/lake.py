"""Where everything of a day is kept in the store: the only place that knows the keys.

    raw/<source>/<sha256>                           ciphertext, immutable
    index/<source>/<day>/<delivery>.json            the parts fetched together: names, order, when
    lake/<source>/<day>/lines/<archive>/*.parquet   admitted lines; they count once the record beside names them
    lake/<source>/<day>/admissions/<archive>.json   the admission record
    lake/<source>/<day>/checks.json, docs/          the check report and its data docs
    lake/<source>/<day>/runs/<run>/*.parquet        snapshots and results of one reconciliation, immutable
    lake/<source>/<day>/receipts/<when>-<hash>.json the receipt of one publication; its signature beside it, .asc
    lake/<source>/days/<day>.json                   which run is the day's

A record is written after the files it names, so that a killed step leaves nothing that counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cuadre.model.digests import sha256_of
from cuadre.model.errors import StoreDamaged
from cuadre.sources import Store


@dataclass(frozen=True, slots=True)
class Lake:
    """The places of one source in the store."""

    store: Store
    source: str

    def raw(self, archive_id: str) -> str:
        """Key of a ciphertext."""
        return f"raw/{self.source}/{archive_id}"

    def index(self, day: date, delivery: str = "") -> str:
        """Key of the record of one delivery, or the prefix of all of `day`."""
        return f"index/{self.source}/{day}/" + (f"{delivery}.json" if delivery else "")

    def lines(self, day: date, archive_id: str, name: str) -> str:
        """Key of one file of admitted lines."""
        return f"lake/{self.source}/{day}/lines/{archive_id}/{name}"

    def admission(self, day: date, archive_id: str = "") -> str:
        """Key of an admission record, or the prefix of all of `day`."""
        return f"lake/{self.source}/{day}/admissions/" + (f"{archive_id}.json" if archive_id else "")

    def checks(self, day: date) -> str:
        """Key of the check report."""
        return f"lake/{self.source}/{day}/checks.json"

    def docs(self, day: date, name: str) -> str:
        """Key of one page of the data docs."""
        return f"lake/{self.source}/{day}/docs/{name}"

    def run(self, day: date, run: str, name: str) -> str:
        """Key of one file of a reconciliation."""
        return f"lake/{self.source}/{day}/runs/{run}/{name}"

    def receipt(self, day: date, name: str = "") -> str:
        """Key of one receipt, or the prefix of all of `day`."""
        return f"lake/{self.source}/{day}/receipts/{name}"

    def day(self, day: date) -> str:
        """Key of the record that says which run is the day's."""
        return f"lake/{self.source}/days/{day}.json"

    def days(self) -> list[date]:
        """Days that have been reconciled, oldest first; StoreDamaged when something else stands among their records."""
        keys = self.store.list(f"lake/{self.source}/days/")
        return sorted(_named_day(key, Path(key).stem, self.day) for key in keys)

    def fetched(self) -> list[date]:
        """Days of which archives were fetched, oldest first; StoreDamaged as in `days`."""
        folders = {key.rpartition("/")[0] + "/" for key in self.store.list(f"index/{self.source}/")}
        return sorted(_named_day(folder, Path(folder).name, self.index) for folder in folders)

    def read(self, key: str) -> dict[str, Any]:
        """A record; StoreDamaged when there is none."""
        record: dict[str, Any] = json.loads(self.store.read(key))
        return record

    def write(self, key: str, record: dict[str, Any]) -> None:
        """Put a record in place of the one before; the same record is not written again."""
        content = json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False).encode()
        if not self.store.exists(key) or self.store.read(key) != content:
            self.store.put_bytes(key, content)

    def records(self, prefix: str) -> list[dict[str, Any]]:
        """All records under `prefix`, by key."""
        return [self.read(key) for key in self.store.list(prefix)]

    def local(self, files: Sequence[dict[str, Any]]) -> list[Path]:
        """Local copies of files named in a record as {key, sha256, bytes}; StoreDamaged when one is not that file."""
        for file in files:
            if not self.holds(file):
                raise StoreDamaged(
                    f"{file['key']} is gone, or is not what was put there. Clear the day from `fetch` on: what can be "
                    "made again is; if it is named again, restore it from the backup."
                )
        return [self.store.get(file["key"]) for file in files]

    def holds(self, file: dict[str, Any]) -> bool:
        """Whether the store has, byte for byte, the file a record names."""
        return self.store.exists(file["key"]) and sha256_of(self.store.get(file["key"])) == file["sha256"]


def _named_day(key: str, name: str, key_of: Callable[[date], str]) -> date:
    """The day that `name`, a part of `key`, says; its key is `key_of` it, in no other spelling."""
    try:
        day = date.fromisoformat(name)
    except ValueError:
        day = date.min
    if key != key_of(day):
        raise StoreDamaged(f"{key} is no record of a day, and nothing else belongs there: take it away.")
    return day


def file_record(key: str, path: Path) -> dict[str, Any]:
    """How a record names a file: key, SHA-256 and bytes."""
    return {"key": key, "sha256": sha256_of(path), "bytes": path.stat().st_size}
