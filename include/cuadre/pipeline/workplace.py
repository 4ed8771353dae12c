"""What the steps of a day work with: store, scratch, journal, key ring, warehouse and where alerts go.

Whoever calls the steps (a DAG, the demo, a test) makes one; where its values come from is the caller's business.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from cuadre.config.secrets import Resolver, folder_of
from cuadre.config.settings import Operator, Settings
from cuadre.config.source import Source
from cuadre.evidence import Journal, StepOutcome
from cuadre.model.errors import ConfigurationError, CuadreError, Refusal
from cuadre.pipeline.lake import Lake
from cuadre.sources import Store, open_store
from cuadre.trust.quarantine import quarantine

_ROOT = 0


@dataclass(frozen=True, slots=True)
class Workplace:
    """Everything around the steps. `resolver` turns references into secrets, when they are needed.

    `operator` is whose key signs receipts; None leaves them unsigned.
    """

    store: Store
    scratch: Path
    journal: Journal
    alerts: Path
    resolver: Resolver = field(repr=False)
    operator: Operator | None = None

    def lake(self, source: Source) -> Lake:
        """The places of `source` in the store."""
        return Lake(self.store, source.source)

    def keyring(self, source: Source) -> Path:
        """The GnuPG home of `source`."""
        return folder_of(source.trust.keyring)

    def passphrase(self, source: Source) -> str | None:
        """What opens the decryption key, when it is locked."""
        reference = source.trust.passphrase
        return None if reference is None else self.resolver(reference).get_secret_value()

    def operator_passphrase(self) -> str | None:
        """What opens the operator's key, when it is locked."""
        reference = self.operator.passphrase if self.operator else None
        return None if reference is None else self.resolver(reference).get_secret_value()

    def warehouse(self, source: Source) -> SecretStr:
        """The warehouse's URL."""
        return self.resolver(source.warehouse)

    @contextmanager
    def room(self) -> Iterator[Path]:
        """An empty private folder, removed on leaving; what killed steps left in theirs is removed on the way in.

        Raises ConfigurationError when another user owns `scratch`, a link to it, or may write in it as anybody may,
        and so could put other files in place of ours.
        """
        self.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self.scratch.stat()
        if not {place.st_uid, self.scratch.lstat().st_uid} <= {os.getuid(), _ROOT}:
            raise ConfigurationError(
                f"{self.scratch} belongs to another user; set CUADRE_SCRATCH to a folder of yours."
            )
        if place.st_mode & stat.S_IWOTH and not place.st_mode & stat.S_ISVTX:
            raise ConfigurationError(f"Anybody may write in {self.scratch}; take that away: chmod o-w.")
        with quarantine(self.scratch / "step") as folder:
            yield folder

    @contextmanager
    def journalled(self, step: str, source: Source, day: date, now: datetime) -> Iterator[dict[str, Any]]:
        """Leave a journal record of `step` on leaving, however it ends; put into the dict what it should say."""
        note: dict[str, Any] = {}
        try:
            yield note
        except BaseException as error:
            outcome = StepOutcome.REFUSED if isinstance(error, Refusal) else StepOutcome.FAILED
            record = {**note, "error": type(error).__name__, "message": _message(error)}
            self.journal.append(step, source.source, day, outcome, record, now)
            raise
        self.journal.append(step, source.source, day, StepOutcome.OK, note, now)


def workplace(settings: Settings, resolver: Resolver) -> Workplace:
    """The workplace the settings describe."""
    return Workplace(
        store=open_store(settings.store, settings.scratch),
        scratch=settings.scratch,
        journal=Journal(settings.journal),
        alerts=settings.alerts,
        resolver=resolver,
        operator=settings.operator,
    )


def _message(error: BaseException) -> str | None:
    """Our own messages hold no secret and no line; others' may."""
    return str(error) if isinstance(error, CuadreError) else None
